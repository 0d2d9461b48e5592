-- Every table is keyed first by environment (or connection), so that it can be sharded by it.
-- All instants are given by the application's clock; no column defaults to the database's.

create table environments (
  id uuid primary key,
  dev_id text not null unique,
  name text not null,
  kind text not null check (kind in ('testing', 'staging', 'production')),
  settings jsonb not null,
  created_at timestamptz not null
);

-- Data keys of environments, accounts and connections, each wrapped by the master key named in master_id.
-- Deleting a row erases everything that was sealed under it.
create table vault_keys (
  environment_id uuid not null,
  scope text not null check (scope in ('environment', 'account', 'connection')),
  owner_id uuid not null,
  wrapped bytea not null,
  master_id text not null,
  created_at timestamptz not null,
  primary key (environment_id, scope, owner_id)
);
create index vault_keys_master on vault_keys (master_id);

create table api_keys (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid not null,
  hash bytea not null,
  label text not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  primary key (environment_id, id)
);
create unique index api_keys_hash on api_keys (hash);

-- Servers remember which environment a key belongs to until they hear of a change here.
create function solum_environments_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('solum_environments', '');
  return null;
end $$;
create trigger environments_changed after update or delete on environments
  for each statement execute function solum_environments_changed();
create trigger api_keys_changed after update or delete on api_keys
  for each statement execute function solum_environments_changed();

create table signing_secrets (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid not null,
  sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (environment_id, id)
);

create table provider_choices (
  environment_id uuid not null references environments (id) on delete cascade,
  provider text not null,
  enabled boolean not null default true,
  scopes text[],
  credentials bytea,
  sandbox_client_id text,
  sandbox_credentials bytea,
  hook_token_hash bytea,
  hook_token bytea,
  primary key (environment_id, provider)
);
create unique index provider_choices_hook on provider_choices (hook_token_hash);
create unique index provider_choices_sandbox on provider_choices (provider, sandbox_client_id);

create table accounts (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid not null,
  provider text not null,
  provider_user_id text not null,
  transport text not null check (transport in ('live', 'sandbox')),
  state text not null check (state in ('active', 'needs_reconnecting', 'revoked')),
  label bytea,
  scopes text[],
  zone text,
  member_id text not null,
  granted bytea,
  expires_at timestamptz,
  refresh_due_at timestamptz,
  refresh_lease text,
  refresh_leased_until timestamptz,
  created_at timestamptz not null,
  primary key (environment_id, id),
  unique (environment_id, provider, provider_user_id, transport)
);
create index accounts_refresh on accounts (refresh_due_at) where refresh_due_at is not null and state = 'active';

create table pending_revokes (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid not null,
  provider text not null,
  provider_user_id text not null,
  transport text not null,
  member_id text not null,
  granted bytea not null,
  attempts integer not null default 0,
  due_at timestamptz not null,
  give_up_at timestamptz not null,
  primary key (environment_id, id)
);
create index pending_revokes_due on pending_revokes (due_at);

create table connections (
  environment_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  user_id uuid not null,
  reference_id text,
  retired_user_ids uuid[] not null default '{}',
  provider text not null,
  active boolean not null,
  created_at timestamptz not null,
  last_webhook_update timestamptz,
  primary key (environment_id, id),
  foreign key (environment_id, account_id) references accounts (environment_id, id),
  unique (environment_id, user_id)
);
create index connections_account on connections (environment_id, account_id);
create index connections_reference on connections (environment_id, reference_id);
create index connections_retired on connections using gin (retired_user_ids);
create index connections_created on connections (environment_id, created_at, id);

-- No foreign key: checking one would lock the environment's row for every session that is made.
create table widget_sessions (
  environment_id uuid not null,
  id uuid primary key,
  reference_id text,
  language text,
  success_url text,
  failure_url text,
  providers text[],
  disallowed_providers text[] not null default '{}',
  show_disconnect boolean not null default false,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  completed_user_id uuid,
  completed_provider text
);
create index widget_sessions_expires on widget_sessions (expires_at);

create table auth_flows (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid primary key,
  session_id uuid,
  provider text not null,
  transport text not null,
  user_id uuid not null,
  reference_id text,
  language text,
  success_url text,
  failure_url text,
  scopes text[] not null,
  state text not null check (state in ('pending', 'connected', 'failed')),
  reason text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz
);
create index auth_flows_expired on auth_flows (expires_at) where state = 'pending';

create table destinations (
  environment_id uuid not null references environments (id) on delete cascade,
  id uuid not null,
  type text not null,
  config bytea not null,
  display jsonb not null,
  event_types text[],
  ordered boolean not null,
  active boolean not null,
  own_secret boolean not null,
  timeout_ms integer not null,
  concurrency integer not null,
  max_attempts integer not null,
  next_at timestamptz,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create table destination_secrets (
  environment_id uuid not null,
  destination_id uuid not null,
  id uuid not null,
  sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (environment_id, destination_id, id),
  foreign key (environment_id, destination_id) references destinations (environment_id, id) on delete cascade
);

create table events (
  environment_id uuid not null,
  id uuid not null,
  type text not null,
  is_data boolean not null,
  connection_id uuid,
  reference text not null,
  body bytea not null,
  bytes integer not null,
  chunk integer,
  after_event_id uuid,
  ordering_timestamp bigint,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create index events_connection on events (environment_id, connection_id, id);

-- Ordered work: one row per lane; deliveries and raw records are the rows that wait in lanes.
create table lanes (
  kind text not null,
  lane_id uuid not null,
  environment_id uuid not null,
  next_at timestamptz not null,
  leased_until timestamptz,
  lease text,
  primary key (kind, lane_id)
);
create index lanes_due on lanes (kind, next_at) where next_at < 'infinity';
create index lanes_leased on lanes (lease) where lease is not null;

create table deliveries (
  environment_id uuid not null,
  id uuid not null,
  event_id uuid not null,
  destination_id uuid not null,
  lane_id uuid not null,
  trace_id text not null,
  state text not null check (state in ('pending', 'delivered', 'dead', 'cancelled')),
  attempts integer not null default 0,
  after_id uuid,
  frozen bytea,
  due_at timestamptz not null,
  first_attempt_at timestamptz,
  delivered_at timestamptz,
  last_reason text,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create index deliveries_waiting on deliveries (lane_id, due_at, id) where state = 'pending';
create index deliveries_event on deliveries (environment_id, event_id);
create index deliveries_after on deliveries (environment_id, after_id) where after_id is not null;

-- The users that a batch of first attempts renders with, by connection, until every attempt of it is recorded. What a
-- killed worker left here moves to its deliveries when their lane is served again.
create table frozen_batches (
  environment_id uuid not null,
  lane_id uuid not null,
  id uuid not null,
  delivery_ids uuid[] not null,
  connection_ids uuid[] not null,
  users bytea[] not null,
  primary key (lane_id, id)
);
alter table frozen_batches alter column users set storage external;
alter table frozen_batches set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
alter table deliveries set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
alter table lanes set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1, fillfactor = 50);

create table attempts (
  environment_id uuid not null,
  delivery_id uuid not null,
  number integer not null,
  at timestamptz not null,
  outcome text not null,
  status integer,
  reason text,
  response_text bytea,
  duration_ms integer not null,
  primary key (environment_id, delivery_id, number)
);

create table raw_records (
  environment_id uuid not null,
  connection_id uuid not null,
  id uuid not null,
  resource text not null,
  identity text not null,
  day text not null default '',
  version text not null,
  encoding text not null,
  body bytea not null,
  hash bytea not null,
  deleted boolean not null default false,
  state text not null check (state in ('waiting', 'done', 'aside')),
  due_at timestamptz not null,
  attempts integer not null default 0,
  reason text,
  received_at timestamptz not null,
  primary key (connection_id, id),
  unique (connection_id, resource, identity, day)
);
create index raw_records_waiting on raw_records (connection_id, due_at, id) where state = 'waiting';

create table payloads (
  environment_id uuid not null,
  connection_id uuid not null,
  type text not null,
  key text not null,
  id uuid not null,
  day text not null,
  start_at timestamptz,
  end_at timestamptz,
  summary bytea not null,
  samples bytea,
  hash bytea not null,
  updated_at timestamptz not null,
  primary key (connection_id, type, key)
);
create index payloads_day on payloads (connection_id, type, day);

create table payload_sources (
  connection_id uuid not null,
  type text not null,
  key text not null,
  raw_id uuid not null,
  primary key (connection_id, type, key, raw_id),
  foreign key (connection_id, type, key) references payloads (connection_id, type, key) on delete cascade
);

create table operator_tokens (
  hash bytea primary key,
  kind text not null check (kind in ('link', 'session')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create table sandbox_items (
  provider text not null,
  kind text not null,
  key text not null,
  value jsonb not null,
  expires_at timestamptz,
  primary key (provider, kind, key)
);

create table audit_log (
  id uuid primary key,
  environment_id uuid,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null
);
create index audit_log_environment on audit_log (environment_id, at);
