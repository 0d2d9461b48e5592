import { type Static, Type } from 'typebox';

const nullableText = Type.Union([Type.String(), Type.Null()]);

/** A connection as the wire shows it ("user"). Times are ISO 8601 with microseconds and offset. */
export const terraUser = Type.Object(
  {
    user_id: Type.String(),
    provider: Type.String(),
    created_at: nullableText,
    last_webhook_update: nullableText,
    scopes: Type.Union([Type.String(), Type.Null()], {
      description: 'Comma-separated, in the provider’s own names.',
    }),
    reference_id: nullableText,
    active: Type.Union([Type.Boolean(), Type.Null()]),
  },
  { $id: 'TerraUser', additionalProperties: false },
);

export type TerraUser = Static<typeof terraUser>;
