import { Type } from 'typebox';
import { terraUser } from './user.ts';

const nullableText = (description: string) => Type.Optional(Type.Union([Type.String(), Type.Null()], { description }));
const version = Type.Literal('2022-03-16', { description: 'Version of the data models.' });
const message = Type.String({ description: 'The same in words; do not branch on it.' });
const scopeList = (description: string) =>
  Type.String({ description: `${description} Separated by commas; may be empty.` });

/** A person finished connecting a provider account. Comes before any data of that user. */
export const authEvent = Type.Object(
  {
    type: Type.Literal('auth'),
    status: Type.Literal('success'),
    message,
    user: terraUser,
    reference_id: nullableText('Your name for the person, as given when the link was made.'),
    widget_session_id: nullableText('The widget session it came out of; absent when the widget was not used.'),
    flow_id: nullableText('This attempt to connect.'),
    version,
  },
  { $id: 'AuthEvent' },
);

/** An attempt to connect failed or was given up. There is no user to store. */
export const authCancelledEvent = Type.Object(
  {
    type: Type.Literal('auth_cancelled'),
    status: Type.Literal('error'),
    flow_id: nullableText('The attempt that failed.'),
    reason: nullableText(
      'Machine-readable, e.g. access_denied or session_expired; the provider’s own code where it gave one.',
    ),
    reference_id: nullableText('Your name for the person, as given when the link was made.'),
  },
  { $id: 'AuthCancelledEvent' },
);

/** The older form of a failed attempt; sent instead of `auth_cancelled` where the environment is set to it. */
export const authFailedEvent = Type.Object(
  {
    type: Type.Literal('auth'),
    status: Type.Literal('error'),
    message,
    user: terraUser,
    provider: Type.String(),
    reason: Type.String(),
    reference_id: nullableText('Your name for the person, as given when the link was made.'),
    widget_session_id: nullableText('The widget session it came out of.'),
  },
  { $id: 'AuthFailedEvent' },
);

/** The person or your app disconnected; everything that was kept is gone. `user.active` is false. */
export const deauthEvent = Type.Object(
  { type: Type.Literal('deauth'), status: Type.Literal('success'), message, user: terraUser },
  { $id: 'DeauthEvent' },
);

/** The same provider account logged in again: the connection goes on under the new id. Comes before `auth`. */
export const userReauthEvent = Type.Object(
  {
    type: Type.Literal('user_reauth'),
    status: Type.Literal('warning'),
    message,
    new_user: terraUser,
    old_user: Type.Union([terraUser, Type.Null()]),
    version,
  },
  { $id: 'UserReauthEvent' },
);

/** The person took the access back at the provider. `user.active` is false. */
export const accessRevokedEvent = Type.Object(
  { type: Type.Literal('access_revoked'), status: Type.Literal('warning'), message, user: terraUser },
  { $id: 'AccessRevokedEvent' },
);

/** The granted scopes changed. `user.scopes` is the whole new set. */
export const permissionChangeEvent = Type.Object(
  {
    type: Type.Literal('permission_change'),
    status: Type.Literal('warning'),
    message,
    user: terraUser,
    scopes_added: scopeList('Scopes that are new.'),
    scopes_removed: scopeList('Scopes that are gone.'),
    version,
  },
  { $id: 'PermissionChangeEvent' },
);

/** The provider no longer accepts the stored grant; the person may have to log in again. Sent once per degradation. */
export const connectionErrorEvent = Type.Object(
  { type: Type.Literal('connection_error'), status: Type.Literal('warning'), message, user: terraUser },
  { $id: 'ConnectionErrorEvent' },
);

/** A large window was accepted; its payloads follow under the same reference. */
export const largeRequestProcessingEvent = Type.Object(
  {
    type: Type.Literal('large_request_processing'),
    status: Type.Literal('processing'),
    message,
    reference: Type.String({ description: 'The request that this belongs to.' }),
    user: terraUser,
  },
  { $id: 'LargeRequestProcessingEvent' },
);

/** The payloads of a large window are about to be sent. */
export const largeRequestSendingEvent = Type.Object(
  {
    type: Type.Literal('large_request_sending'),
    message,
    reference: Type.String({ description: 'The request that this belongs to.' }),
    expected_payloads: Type.Integer({ minimum: 0, description: 'How many data events follow.' }),
    user: terraUser,
  },
  { $id: 'LargeRequestSendingEvent' },
);

/** Schemas by the `type` that they appear with on the wire, as the documentation lists them. */
export const eventSchemas = {
  auth: Type.Union([authEvent, authFailedEvent]),
  auth_cancelled: authCancelledEvent,
  deauth: deauthEvent,
  user_reauth: userReauthEvent,
  access_revoked: accessRevokedEvent,
  permission_change: permissionChangeEvent,
  connection_error: connectionErrorEvent,
  large_request_processing: largeRequestProcessingEvent,
  large_request_sending: largeRequestSendingEvent,
} as const;
