import { type TSchema, Type } from 'typebox';
import { terraUser } from './user.ts';

const success = Type.Literal('success');
const nullableTime = Type.Union([Type.String(), Type.Null()]);
const codes = (description: string) => Type.Array(Type.String(), { description, examples: [['EXAMPLE', 'OTHER']] });

export const widgetSession = Type.Object(
  {
    status: success,
    session_id: Type.String({ description: 'Comes back in the auth event as widget_session_id.' }),
    url: Type.String({ description: 'Open it in the person’s browser, not in an embedded view.' }),
    expires_in: Type.Integer({ description: 'Seconds until the link stops working.', examples: [900] }),
  },
  { $id: 'WidgetSession' },
);

export const authUrl = Type.Object(
  {
    status: success,
    user_id: Type.String({ description: 'The id that the user will have once the login succeeds.' }),
    auth_url: Type.String({ description: 'Open it in the person’s browser; it leads to the provider’s login.' }),
  },
  { $id: 'AuthUrl' },
);

export const done = Type.Object({ status: success }, { $id: 'Done' });

const userDetail = Type.Object(
  {
    ...terraUser.properties,
    last_polled_at: Type.Union([Type.String(), Type.Null()], {
      description: 'When the provider was last asked for data; null when not known.',
    }),
    most_recent_data_at: Type.Union([Type.String(), Type.Null()], {
      description: 'Time of the newest record that is kept; null when not known.',
    }),
  },
  { $id: 'UserDetail' },
);

/** By user id: one user. By reference id: the list, as an object or (by setting) as the bare array. */
export const userInfo = Type.Union([
  Type.Object({ status: success, is_authenticated: Type.Boolean(), user: userDetail }),
  Type.Object({ status: success, users: Type.Array(terraUser) }),
  Type.Array(terraUser),
]);

export const subscriptions = Type.Union([
  Type.Object({ status: success, users: Type.Array(terraUser) }),
  Type.Object({
    status: success,
    data: Type.Object({
      next: Type.Union([Type.Integer(), Type.Null()], { description: 'The next page number; null on the last page.' }),
      max_page: Type.Integer({ description: 'Number of the last page, from 0.' }),
      results: Type.Array(terraUser),
    }),
  }),
]);

export const userList = Type.Array(terraUser);

export const integrations = Type.Object(
  {
    status: success,
    providers: codes('Codes of providers that connect through their cloud.'),
    sdk_providers: codes('Codes of providers that connect on the device.'),
    sdk_resource: codes('Older name of sdk_providers.'),
  },
  { $id: 'Integrations' },
);

export const integrationTypes = ['activity', 'body', 'daily', 'menstruation', 'nutrition', 'sleep'] as const;

export const detailedIntegrations = Type.Object(
  {
    status: success,
    providers: Type.Array(
      Type.Object({
        provider: Type.String({ description: 'Code of the provider.' }),
        name: Type.String(),
        icon: Type.String({ description: 'Address of its picture.' }),
        setup: Type.Union([Type.Literal('API_KEYS_REQUIRED'), Type.Literal('NO_API_KEYS'), Type.Literal('SDK')], {
          description: 'Whether an app registered at the provider, nothing, or a phone is needed.',
        }),
        enabled: Type.Boolean(),
        types: Type.Object(Object.fromEntries(integrationTypes.map((type) => [type, Type.Boolean()])), {
          description: 'Data types that the provider can give.',
        }),
      }),
    ),
  },
  { $id: 'DetailedIntegrations' },
);

const anyRecord = Type.Record(Type.String(), Type.Unknown());

/** What was read, when the caller asked for it in the answer; `record` is the model of the data type. */
export function dataAnswer(record: TSchema = anyRecord): TSchema {
  return Type.Object({
    status: success,
    type: Type.String(),
    user: terraUser,
    data: Type.Array(record, { description: 'Records of the window, oldest first.' }),
    version: Type.Literal('2022-03-16', { description: 'Version of the data models.' }),
  });
}

/** The request was accepted; the data goes to the destinations. */
export const acknowledgement = Type.Object(
  {
    status: success,
    type: Type.String({ description: 'The data type that was asked for.' }),
    reference: Type.String({ description: 'Header terra-reference of this answer and of the events that follow.' }),
    trace_id: Type.String({ description: 'The same value.' }),
    message: Type.String(),
    user: Type.Object({ ...terraUser.properties, scopes: Type.Optional(Type.String()) }),
  },
  { $id: 'Acknowledgement' },
);

export const athleteAnswer = Type.Object({
  status: success,
  type: Type.Literal('athlete'),
  user: terraUser,
  athlete: Type.Record(Type.String(), Type.Unknown(), { description: 'The profile.' }),
});

export const noData = Type.Object({
  status: success,
  type: Type.Literal('no_data'),
  message: Type.String(),
  user: terraUser,
});

export const health = Type.Object({
  status: Type.Literal('ok'),
  database: Type.Literal('ok'),
  time: nullableTime,
});

export const html = Type.String({ description: 'A page.', contentMediaType: 'text/html' });
export const svg = Type.String({ description: 'A picture.', contentMediaType: 'image/svg+xml' });
export const nothing = Type.Null({ description: 'No body; the Location header says where to go.' });
