import { type Static, Type } from 'typebox';

const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

/** `user_id` as callers send it: the id of a connection. */
export const userIdText = Type.String({
  pattern: UUID,
  description: 'Id of the connected user (one person at one provider).',
  examples: ['40f7b0e1-89e2-43ac-a5b8-1e29c8d47cad'],
});

const referenceIdText = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'Your own name for the person.',
  examples: ['customer-123'],
});

const redirectText = Type.String({ minLength: 1, maxLength: 2048 });
const nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);

const connectFields = {
  reference_id: Type.Optional(nullable(referenceIdText)),
  language: Type.Optional(
    nullable(Type.String({ maxLength: 35, description: 'Language of the pages, ISO 639-1.', examples: ['en'] })),
  ),
  auth_success_redirect_url: Type.Optional(
    Type.Union([redirectText, Type.Null()], {
      description: 'Where the browser goes after connecting; deep links work.',
    }),
  ),
  auth_failure_redirect_url: Type.Optional(
    Type.Union([redirectText, Type.Null()], { description: 'Where the browser goes when connecting failed.' }),
  ),
};

const providerList = Type.Union([
  Type.String({ maxLength: 4096 }),
  Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 }),
  Type.Null(),
]);

/** Body of the widget session calls. Members that are not named here are ignored. */
export const widgetSessionBody = Type.Object(
  {
    ...connectFields,
    providers: Type.Optional({
      ...providerList,
      description: 'Codes to offer, separated by commas, or a list. One code skips the choice.',
      examples: ['EXAMPLE,OTHER'],
    }),
    disallowed_providers: Type.Optional({ ...providerList, description: 'Codes to leave out, in the same two forms.' }),
    show_disconnect: Type.Optional(
      Type.Boolean({ default: false, description: 'Lets the person disconnect what this reference id has connected.' }),
    ),
    use_terra_avengers_app: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], { description: 'Accepted and without effect.' }),
    ),
  },
  { $id: 'WidgetSessionRequest' },
);

export type WidgetSessionBody = Static<typeof widgetSessionBody>;

const code = Type.String({ minLength: 1, maxLength: 64, examples: ['EXAMPLE'] });

export const authenticateUserQuery = Type.Object({
  resource: Type.Optional({ ...code, description: 'Provider code, in any case. Required here or in the body.' }),
});

export const authenticateUserBody = Type.Object(
  {
    ...connectFields,
    resource: Type.Optional({ ...code, description: 'Used when the query names no resource.' }),
    provider: Type.Optional({ ...code, description: 'Older name of resource.' }),
  },
  { $id: 'AuthenticateUserRequest' },
);

export const userQuery = Type.Object({ user_id: userIdText });

export const userInfoQuery = Type.Object({
  user_id: Type.Optional(userIdText),
  reference_id: Type.Optional(referenceIdText),
});

export const subscriptionsQuery = Type.Object({
  page: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'Page number from 0; without it, all users come at once.',
    }),
  ),
  per_page: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 5000, default: 500, description: 'Users per page; used together with page.' }),
  ),
  reference_id: Type.Optional(referenceIdText),
});

export const integrationsQuery = Type.Object({
  sdk: Type.Optional(Type.Boolean({ default: false, description: 'Lists on-device providers as well.' })),
});

export const userIdsBody = Type.Array(userIdText, {
  minItems: 1,
  maxItems: 500,
  description: 'Ids of connected users.',
});

const toWebhook = Type.Optional(
  Type.Boolean({
    default: true,
    description: 'true: the data goes to your destinations; false: it comes in this answer.',
  }),
);

const dateForms =
  'YYYY-MM-DD (a day where the user is) or unix seconds; ISO date-times and unix milliseconds work as well.';

export const dataQuery = Type.Object({
  user_id: userIdText,
  start_date: Type.String({
    maxLength: 40,
    description: `Start of the window. ${dateForms}`,
    examples: ['2026-07-01'],
  }),
  end_date: Type.Optional(
    Type.String({ maxLength: 40, description: `End of the window, itself not included; default now. ${dateForms}` }),
  ),
  to_webhook: toWebhook,
  with_samples: Type.Optional(
    Type.Boolean({ default: false, description: 'Includes the detailed samples, not only the summaries.' }),
  ),
});

export type DataQuery = Static<typeof dataQuery>;

export const athleteQuery = Type.Object({ user_id: userIdText, to_webhook: toWebhook });

/** Queries and bodies of the write calls, which find their user in any of three places. */
export const writeQuery = Type.Object({ user_id: Type.Optional(userIdText) });

export const writeBody = Type.Object({
  user_id: Type.Optional(userIdText),
  data: Type.Optional(
    Type.Array(Type.Unknown(), { maxItems: 1000, description: 'Records to write, in the wire models.' }),
  ),
  log_ids: Type.Optional(
    Type.Array(Type.String({ maxLength: 512 }), { maxItems: 1000, description: 'Ids to delete.' }),
  ),
});

export type WriteBody = Static<typeof writeBody>;
