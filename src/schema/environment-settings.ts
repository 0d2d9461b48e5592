import { type Static, Type } from 'typebox';

/**
 * Settings of an environment: the one table from which `env set` checks its input, the defaults come and
 * docs/configuration.md is written. Names are wire spelling, because operators type them.
 */
export const environmentSettings = Type.Object(
  {
    user_limit: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      default: null,
      description: 'Most active users; null for no limit. Testing and staging environments start with 50.',
    }),
    reauth_scope: Type.Union([Type.Literal('environment'), Type.Literal('reference_id')], {
      default: 'environment',
      description:
        'When a new login is the same connection: once per provider account, or once per account and reference id.',
    }),
    retired_user_ids: Type.Union([Type.Literal('not_found'), Type.Literal('alias')], {
      default: 'not_found',
      description: 'What a read by a user id from before a reauthentication answers.',
    }),
    auto_backfill_days: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1825,
      description: 'Days of history fetched after connecting; 0 for none.',
    }),
    redirect_allow_list: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'Prefixes that redirect urls must start with, each ending where a part of the url ends; empty allows any url with a safe scheme.',
    }),
    include_samples: Type.Boolean({
      default: false,
      description: 'Sends and reads detailed samples without being asked.',
    }),
    userinfo_reference_shape: Type.Union([Type.Literal('object'), Type.Literal('array')], {
      default: 'object',
      description: 'Shape of userInfo by reference id: an object with users, or the bare array of older servers.',
    }),
    auth_failure_event: Type.Union([Type.Literal('auth_cancelled'), Type.Literal('auth')], {
      default: 'auth_cancelled',
      description: 'Event after a failed connection: auth_cancelled, or the older auth with status error.',
    }),
    unique_chunk_reference: Type.Boolean({
      default: false,
      description: 'Gives each chunk of a large request its own terra-reference header.',
    }),
    redirect_null_reference: Type.Boolean({
      default: false,
      description: 'Adds reference_id=null to redirects of connections without a reference id.',
    }),
    data_types: Type.Union([Type.Array(Type.String()), Type.Null()], {
      default: null,
      description: 'Data types that are delivered and served; null for all.',
    }),
    widget_name: Type.Union([Type.String({ maxLength: 60 }), Type.Null()], {
      default: null,
      description: 'Name of the app on the connect pages; null shows the name of the environment.',
    }),
    widget_logo: Type.Union([Type.String({ maxLength: 2048, pattern: '^https://' }), Type.Null()], {
      default: null,
      description: 'https address of the logo on the connect pages.',
    }),
    widget_color: Type.String({
      default: '#0f766e',
      pattern: '^#[0-9a-fA-F]{6}$',
      description: 'Accent colour of the connect pages.',
    }),
  },
  { additionalProperties: false },
);

export type EnvironmentSettings = Static<typeof environmentSettings>;
