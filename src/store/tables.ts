import type { AccountState, Transport } from '../core/account.ts';
import type { DataType } from '../core/data-type.ts';
import type { AttemptRow, DeliveryState } from '../core/delivery.ts';
import type { EnvironmentKind } from '../core/environment.ts';
import type { EventType } from '../core/event.ts';
import type { FlowState } from '../core/flow.ts';
import type { LaneKind } from '../core/lanes.ts';
import type { NewRaw } from '../core/raw.ts';
import type { KeyOwner } from '../core/vault.ts';

/** The columns of every table, as node-postgres reads and writes them. `bytea` columns without a note are sealed. */
export interface Tables {
  environments: EnvironmentsTable;
  vault_keys: VaultKeysTable;
  api_keys: ApiKeysTable;
  signing_secrets: SecretsTable;
  provider_choices: ProviderChoicesTable;
  accounts: AccountsTable;
  pending_revokes: PendingRevokesTable;
  connections: ConnectionsTable;
  widget_sessions: WidgetSessionsTable;
  auth_flows: AuthFlowsTable;
  destinations: DestinationsTable;
  destination_secrets: SecretsTable & { destination_id: string };
  events: EventsTable;
  lanes: LanesTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
  raw_records: RawRecordsTable;
  payloads: PayloadsTable;
  payload_sources: { connection_id: string; type: DataType; key: string; raw_id: string };
  operator_tokens: { hash: Buffer; kind: 'link' | 'session'; created_at: Date; expires_at: Date };
  sandbox_items: SandboxItemsTable;
  audit_log: AuditLogTable;
}

export interface EnvironmentsTable {
  id: string;
  dev_id: string;
  name: string;
  kind: EnvironmentKind;
  /** `jsonb`: text when written, a value when read. */
  settings: unknown;
  created_at: Date;
}

interface VaultKeysTable {
  environment_id: string;
  scope: KeyOwner['scope'];
  owner_id: string;
  /** Sealed under the master key. */
  wrapped: Buffer;
  master_id: string;
  created_at: Date;
}

interface ApiKeysTable {
  environment_id: string;
  id: string;
  /** SHA-256. */
  hash: Buffer;
  label: string;
  created_at: Date;
  revoked_at: Date | null;
}

interface SecretsTable {
  environment_id: string;
  id: string;
  sealed: Buffer;
  created_at: Date;
  expires_at: Date | null;
}

export interface ProviderChoicesTable {
  environment_id: string;
  provider: string;
  enabled: boolean;
  scopes: string[] | null;
  credentials: Buffer | null;
  sandbox_client_id: string | null;
  sandbox_credentials: Buffer | null;
  /** SHA-256. */
  hook_token_hash: Buffer | null;
  hook_token: Buffer | null;
}

export interface AccountsTable {
  environment_id: string;
  id: string;
  provider: string;
  provider_user_id: string;
  transport: Transport;
  state: AccountState;
  label: Buffer | null;
  scopes: string[] | null;
  zone: string | null;
  member_id: string;
  granted: Buffer | null;
  expires_at: Date | null;
  refresh_due_at: Date | null;
  refresh_lease: string | null;
  refresh_leased_until: Date | null;
  created_at: Date;
}

interface PendingRevokesTable {
  environment_id: string;
  id: string;
  provider: string;
  provider_user_id: string;
  transport: Transport;
  member_id: string;
  granted: Buffer;
  attempts: number;
  due_at: Date;
  give_up_at: Date;
}

export interface ConnectionsTable {
  environment_id: string;
  id: string;
  account_id: string;
  user_id: string;
  reference_id: string | null;
  retired_user_ids: string[];
  provider: string;
  active: boolean;
  created_at: Date;
  last_webhook_update: Date | null;
}

export interface WidgetSessionsTable {
  environment_id: string;
  id: string;
  reference_id: string | null;
  language: string | null;
  success_url: string | null;
  failure_url: string | null;
  providers: string[] | null;
  disallowed_providers: string[];
  show_disconnect: boolean;
  created_at: Date;
  expires_at: Date;
  completed_user_id: string | null;
  completed_provider: string | null;
}

export interface AuthFlowsTable {
  environment_id: string;
  id: string;
  session_id: string | null;
  provider: string;
  transport: Transport;
  user_id: string;
  reference_id: string | null;
  language: string | null;
  success_url: string | null;
  failure_url: string | null;
  scopes: string[];
  state: FlowState;
  reason: string | null;
  created_at: Date;
  expires_at: Date;
  consumed_at: Date | null;
}

export interface DestinationsTable {
  environment_id: string;
  id: string;
  type: string;
  config: Buffer;
  /** `jsonb`: text when written, a value when read. */
  display: unknown;
  event_types: string[] | null;
  ordered: boolean;
  active: boolean;
  own_secret: boolean;
  timeout_ms: number;
  concurrency: number;
  max_attempts: number;
  next_at: Date | null;
  created_at: Date;
}

export interface EventsTable {
  environment_id: string;
  id: string;
  type: EventType;
  is_data: boolean;
  connection_id: string | null;
  reference: string;
  body: Buffer;
  bytes: number;
  chunk: number | null;
  after_event_id: string | null;
  /** `bigint`: text when read. */
  ordering_timestamp: number | string | null;
  created_at: Date;
}

interface LanesTable {
  kind: LaneKind;
  lane_id: string;
  environment_id: string;
  next_at: Date;
  leased_until: Date | null;
  lease: string | null;
}

export interface DeliveriesTable {
  environment_id: string;
  id: string;
  event_id: string;
  destination_id: string;
  lane_id: string;
  trace_id: string;
  state: DeliveryState;
  attempts: number;
  after_id: string | null;
  frozen: Buffer | null;
  due_at: Date;
  first_attempt_at: Date | null;
  delivered_at: Date | null;
  last_reason: string | null;
  created_at: Date;
}

interface AttemptsTable {
  environment_id: string;
  delivery_id: string;
  number: number;
  at: Date;
  outcome: AttemptRow['outcome'];
  status: number | null;
  reason: string | null;
  response_text: Buffer | null;
  duration_ms: number;
}

export interface RawRecordsTable {
  environment_id: string;
  connection_id: string;
  id: string;
  resource: string;
  identity: string;
  day: string;
  version: string;
  encoding: NewRaw['encoding'];
  body: Buffer;
  /** HMAC of the body. */
  hash: Buffer;
  deleted: boolean;
  state: 'waiting' | 'done' | 'aside';
  due_at: Date;
  attempts: number;
  reason: string | null;
  received_at: Date;
}

interface PayloadsTable {
  environment_id: string;
  connection_id: string;
  type: DataType;
  key: string;
  id: string;
  day: string;
  start_at: Date | null;
  end_at: Date | null;
  summary: Buffer;
  samples: Buffer | null;
  /** HMAC of type, key, summary and samples. */
  hash: Buffer;
  updated_at: Date;
}

interface SandboxItemsTable {
  provider: string;
  kind: string;
  key: string;
  /** `jsonb`: text when written, a value when read. */
  value: unknown;
  expires_at: Date | null;
}

interface AuditLogTable {
  id: string;
  environment_id: string | null;
  at: Date;
  actor: string;
  action: string;
  subject: string;
}
