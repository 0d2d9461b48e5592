import type { EnvironmentSettings } from '../schema/environment-settings.ts';
import type { Account, AccountState, Grant, Transport } from './account.ts';
import type { Connection, ConnectionWithAccount } from './connection.ts';
import type { DataType } from './data-type.ts';
import type { AttemptRow, DeliveryRow, DeliveryState } from './delivery.ts';
import type { DestinationRow } from './destination.ts';
import type { Environment, EnvironmentKind, ProviderChoice, SigningSecret } from './environment.ts';
import type { Event, NewEvent } from './event.ts';
import type { AuthFlow, FlowState, WidgetSession } from './flow.ts';
import type { LaneKind, LaneLease } from './lanes.ts';
import type { NewPayload, PayloadFilter, StoredPayload } from './payload.ts';
import type { NewRaw, RawRecord, RawVersion } from './raw.ts';

/**
 * Everything that is kept. Methods outside `transaction` are each their own transaction; sealing and opening happens
 * inside the store, so callers see plain values and never a key.
 */
export interface Store extends Aggregates {
  /** Commits when `work` resolves, rolls back when it throws. Deadlocks and serialisation failures are retried. */
  transaction<T>(work: (tx: Aggregates) => Promise<T>): Promise<T>;
}

export interface Aggregates {
  environments: EnvironmentStore;
  providerChoices: ProviderChoiceStore;
  accounts: AccountStore;
  connections: ConnectionStore;
  sessions: SessionStore;
  flows: FlowStore;
  destinations: DestinationStore;
  events: EventStore;
  deliveries: DeliveryStore;
  raw: RawStore;
  payloads: PayloadStore;
  operators: OperatorStore;
  sandbox: SandboxStore;
  audit: AuditStore;
  /** Wakes lanes in the transaction that inserted their rows. */
  lanes: LaneWaker;
  /** Adds coarse background tasks in the transaction that causes them. */
  tasks: TaskAdder;
}

export interface LaneWaker {
  /** Makes the lanes of one environment due at `dueAt` unless they already are due earlier. Call after inserting the rows. */
  wake(kind: LaneKind, environmentId: string, laneIds: string[], dueAt: Date): Promise<void>;
}

export interface TaskAdder {
  /** `key` makes the task unique while it waits. */
  add(name: string, payload: Record<string, unknown>, options?: { key?: string }): Promise<void>;
}

// --------------------------------------------------------------------------------------------------- environments

export interface NewEnvironment {
  devId: string;
  name: string;
  kind: EnvironmentKind;
  settings: EnvironmentSettings;
  signingSecret: string;
  now: Date;
}

export interface ApiKeyRow {
  id: string;
  label: string;
  createdAt: Date;
  revokedAt: Date | undefined;
}

export interface EnvironmentStore {
  /** Creates the environment with its data key and signing secret. Throws `conflict` when the dev-id exists. */
  create(environment: NewEnvironment): Promise<Environment>;
  byDevId(devId: string): Promise<Environment | undefined>;
  byId(id: string): Promise<Environment | undefined>;
  list(): Promise<Environment[]>;
  saveSettings(id: string, settings: EnvironmentSettings): Promise<void>;
  /** SHA-256 of the key, never the key. */
  addApiKey(environmentId: string, hash: Uint8Array, label: string, now: Date): Promise<ApiKeyRow>;
  apiKeys(environmentId: string): Promise<ApiKeyRow[]>;
  /** Environment of a live key with this hash. Hot path. */
  byApiKey(hash: Uint8Array): Promise<Environment | undefined>;
  /** Revokes all live keys but `exceptId`. */
  revokeApiKeys(environmentId: string, exceptId: string | undefined, now: Date): Promise<number>;
  /** Newest first; those whose overlap has ended are left out. */
  signingSecrets(environmentId: string, now: Date): Promise<SigningSecret[]>;
  /** Adds a secret; the earlier ones go on signing until `overlapUntil`. */
  addSigningSecret(environmentId: string, secret: string, now: Date, overlapUntil: Date): Promise<void>;
  /** 32 bytes for a purpose (`state`, `csrf`, `verify`…), derived from the environment's data key with HKDF. */
  deriveKey(environmentId: string, purpose: string): Promise<Uint8Array>;
}

export interface ProviderChoiceStore {
  /** Choices that were made; a provider without a row is enabled with default scopes and no credentials. */
  list(environmentId: string): Promise<ProviderChoice[]>;
  get(environmentId: string, provider: string): Promise<ProviderChoice>;
  setEnabled(environmentId: string, provider: string, enabled: boolean): Promise<void>;
  setScopes(environmentId: string, provider: string, scopes: string[] | undefined): Promise<void>;
  setCredentials(environmentId: string, provider: string, values: Record<string, string> | undefined): Promise<void>;
  credentials(environmentId: string, provider: string): Promise<Record<string, string> | undefined>;
  /** The generated client of the sandbox; made with `make` the first time (concurrent callers get one and the same). */
  sandboxCredentials(
    environmentId: string,
    provider: string,
    make: () => Record<string, string>,
  ): Promise<Record<string, string>>;
  /** Finds whose generated client this is, by its `client_id`. */
  sandboxClient(
    provider: string,
    clientId: string,
  ): Promise<{ environmentId: string; credentials: Record<string, string> } | undefined>;
  /** The token in `/hooks/<provider>/<token>`; made with `make` the first time. */
  hookToken(environmentId: string, provider: string, make: () => string): Promise<string>;
  byHookToken(provider: string, token: string): Promise<string | undefined>;
}

// ------------------------------------------------------------------------------------------ accounts, connections

export interface NewAccount {
  environmentId: string;
  provider: string;
  providerUserId: string;
  transport: Transport;
  label: string | undefined;
  scopes: string[] | undefined;
  zone: string | undefined;
  memberId: string;
  now: Date;
}

export interface AccountRef {
  environmentId: string;
  accountId: string;
}

export interface AccountStore {
  find(
    environmentId: string,
    provider: string,
    providerUserId: string,
    transport: Transport,
  ): Promise<Account | undefined>;
  byId(environmentId: string, id: string): Promise<Account | undefined>;
  /** Finds or creates under a lock, so that two callbacks of one account meet one row. */
  upsert(account: NewAccount): Promise<Account>;
  setState(ref: AccountRef, state: AccountState): Promise<void>;
  setScopes(ref: AccountRef, scopes: string[] | undefined): Promise<void>;
  grant(ref: AccountRef): Promise<Grant | undefined>;
  /** Seals the grant under the account's key and sets when it is due for refresh (undefined: never). */
  saveGrant(ref: AccountRef, grant: Grant, refreshDueAt: Date | undefined): Promise<void>;
  /** Makes the next automatic refresh wait until then. */
  postponeRefresh(ref: AccountRef, until: Date | undefined): Promise<void>;
  /** When the next automatic refresh is due, as `saveGrant` or `postponeRefresh` said last. */
  refreshDueAt(ref: AccountRef): Promise<Date | undefined>;
  /** Takes the refresh lease of the account; false when another holds a live one. */
  claimRefresh(ref: AccountRef, token: string, now: Date, until: Date): Promise<boolean>;
  releaseRefresh(ref: AccountRef, token: string): Promise<void>;
  /** Accounts whose refresh is due, oldest first. */
  dueRefreshes(now: Date, limit: number): Promise<AccountRef[]>;
  /** Deletes the account, its grant and its key. */
  delete(ref: AccountRef): Promise<void>;
  /** Keeps the grant, re-sealed under the environment's key, for a revoke at the provider that still has to succeed. */
  keepPendingRevoke(account: Account, grant: Grant, dueAt: Date, giveUpAt: Date): Promise<void>;
  /** Pending revokes due at `now`; a returned one is leased until `leasedUntil`. */
  duePendingRevokes(now: Date, leasedUntil: Date, limit: number): Promise<PendingRevoke[]>;
  finishPendingRevoke(environmentId: string, id: string, next: Date | undefined): Promise<void>;
}

export interface PendingRevoke {
  environmentId: string;
  id: string;
  provider: string;
  providerUserId: string;
  transport: Transport;
  memberId: string;
  grant: Grant;
  attempts: number;
  giveUpAt: Date;
}

export interface NewConnection {
  environmentId: string;
  accountId: string;
  userId: string;
  referenceId: string | undefined;
  provider: string;
  now: Date;
}

export interface ConnectionStore {
  /** By its present user id, or undefined. */
  byUserId(environmentId: string, userId: string): Promise<ConnectionWithAccount | undefined>;
  byRetiredUserId(environmentId: string, userId: string): Promise<ConnectionWithAccount | undefined>;
  byId(environmentId: string, id: string): Promise<ConnectionWithAccount | undefined>;
  ofAccount(environmentId: string, accountId: string): Promise<Connection[]>;
  ofReference(environmentId: string, referenceId: string): Promise<ConnectionWithAccount[]>;
  byUserIds(environmentId: string, userIds: string[]): Promise<ConnectionWithAccount[]>;
  /** Those that exist, in any order. */
  byIds(environmentId: string, ids: string[]): Promise<ConnectionWithAccount[]>;
  /** All, or one page (0-based) with the total, oldest first. */
  page(
    environmentId: string,
    options: {
      page?: number;
      perPage?: number;
      referenceId?: string;
      provider?: string;
    },
  ): Promise<{ connections: ConnectionWithAccount[]; total: number }>;
  countActive(environmentId: string): Promise<number>;
  /** Serialises connects of one environment inside a transaction, for the user limit. */
  lockEnvironment(environmentId: string): Promise<void>;
  /** Creates the connection with its data key. */
  create(connection: NewConnection): Promise<Connection>;
  /** Same connection, new user id and reference id; the old user id is kept as retired; active again. */
  reauthenticate(
    environmentId: string,
    id: string,
    userId: string,
    referenceId: string | undefined,
    now: Date,
  ): Promise<Connection>;
  setActive(environmentId: string, id: string, active: boolean): Promise<void>;
  setReferenceId(environmentId: string, id: string, referenceId: string | undefined): Promise<void>;
  /** Sets `last_webhook_update` of each. */
  touch(environmentId: string, ids: string[], at: Date): Promise<void>;
  /** Deletes raw, payloads, data events with their deliveries, and the connection's key. */
  delete(environmentId: string, id: string): Promise<void>;
}

// ------------------------------------------------------------------------------------------------- sessions, flows

export interface SessionStore {
  create(session: WidgetSession): Promise<void>;
  byId(id: string): Promise<WidgetSession | undefined>;
  complete(id: string, userId: string | undefined, provider: string): Promise<void>;
}

export interface FlowStore {
  create(flow: AuthFlow): Promise<void>;
  byId(environmentId: string, id: string): Promise<AuthFlow | undefined>;
  /** By id alone, for `/auth/start/<id>`. */
  lookup(id: string): Promise<AuthFlow | undefined>;
  /** Takes a pending flow that nobody consumed; undefined when it was used before. Single use. */
  consume(environmentId: string, id: string, now: Date): Promise<AuthFlow | undefined>;
  /** Ends a pending flow; false when it was ended before, so that of two callers one wins. */
  finish(environmentId: string, id: string, state: FlowState, reason: string | undefined): Promise<boolean>;
  /** Pending flows past their expiry (given) that still need their `auth_cancelled`; consumed ones only after a grace. */
  expired(now: Date, limit: number): Promise<AuthFlow[]>;
}

// ------------------------------------------------------------------------------- destinations, events, deliveries

export interface NewDestination {
  environmentId: string;
  type: string;
  config: Record<string, unknown>;
  display: Record<string, unknown>;
  eventTypes: string[] | undefined;
  ordered: boolean;
  /** Its own signing secret; undefined: the environment's. */
  secret: string | undefined;
  timeoutMs: number;
  concurrency: number;
  maxAttempts: number;
  now: Date;
}

export interface DestinationStore {
  create(destination: NewDestination): Promise<DestinationRow>;
  list(environmentId: string): Promise<DestinationRow[]>;
  byId(environmentId: string, id: string): Promise<DestinationRow | undefined>;
  update(
    environmentId: string,
    id: string,
    change: Partial<Pick<DestinationRow, 'active' | 'eventTypes' | 'timeoutMs' | 'concurrency' | 'maxAttempts'>> & {
      config?: Record<string, unknown>;
      display?: Record<string, unknown>;
    },
  ): Promise<DestinationRow | undefined>;
  remove(environmentId: string, id: string): Promise<boolean>;
  config(environmentId: string, id: string): Promise<Record<string, unknown>>;
  /** Own secrets, newest first; empty when it signs with the environment's. */
  secrets(environmentId: string, id: string, now: Date): Promise<string[]>;
  /** Stops sending until then (circuit, Retry-After); undefined clears it. */
  pause(environmentId: string, id: string, until: Date | undefined): Promise<void>;
}

export interface EventFilter {
  /** Only events older than this id (paging backwards) or newer (live list). */
  before?: string;
  after?: string;
  limit: number;
  type?: string;
  connectionId?: string;
}

export interface EventStore {
  /** Seals and stores; answers the id (UUIDv7). */
  append(environmentId: string, event: NewEvent): Promise<Event>;
  byId(environmentId: string, id: string): Promise<Event | undefined>;
  /** JSON text as stored; undefined when the connection's key was deleted. */
  body(environmentId: string, id: string): Promise<string | undefined>;
  /** Newest first; with `after`, oldest first. */
  list(environmentId: string, filter: EventFilter): Promise<Event[]>;
  /** The newest auth-chain event of a connection that is still undelivered somewhere; data waits for it. */
  latestAuth(environmentId: string, connectionId: string): Promise<string | undefined>;
}

export interface NewDelivery {
  eventId: string;
  destinationId: string;
  /** Destination id, or destination × connection in ordered mode. */
  laneId: string;
  traceId: string;
  dueAt: Date;
  createdAt: Date;
  /** The delivery of the predecessor event to the same destination. */
  afterId: string | undefined;
}

/** A delivery whose time has come, with everything that rendering and sending needs. */
export interface DueDelivery {
  environmentId: string;
  id: string;
  eventId: string;
  destinationId: string;
  traceId: string;
  attempts: number;
  type: string;
  isData: boolean;
  connectionId: string | undefined;
  reference: string;
  orderingTimestamp: number | undefined;
  /** Bytes of the stored JSON, opened; undefined when its key was deleted meanwhile. */
  body: Buffer | undefined;
  /** What the first attempt froze (the rendered user as JSON text); undefined before it. */
  frozen: string | undefined;
}

/** What first attempts of data deliveries render with: the connection's user as JSON text, by connection. */
export interface FrozenBatch {
  environmentId: string;
  deliveries: { id: string; connectionId: string }[];
  users: Map<string, string>;
}

/** How a delivery goes on after an attempt. */
export interface DeliveryResult {
  environmentId: string;
  id: string;
  connectionId: string | undefined;
  at: Date;
  state: Exclude<DeliveryState, 'cancelled'>;
  /** For `pending`: when to try again. */
  dueAt: Date;
  outcome: 'delivered' | 'retry' | 'rejected';
  status: number | undefined;
  reason: string | undefined;
  responseText: string | undefined;
  durationMs: number;
  /** What it was rendered with, to be kept for the next attempt. */
  frozen?: string | undefined;
}

export interface DeliveryFilter {
  before?: string;
  limit: number;
  state?: DeliveryState;
  destinationId?: string;
  eventId?: string;
}

export interface DeliveryStore {
  create(environmentId: string, deliveries: NewDelivery[]): Promise<string[]>;
  /** The delivery of an event to a destination, if there is one. */
  ofEvent(environmentId: string, eventId: string): Promise<DeliveryRow[]>;
  /**
   * Due rows of a leased lane whose predecessor lets them pass, oldest due first, without those in `inFlight`.
   * In an ordered lane: at most the head.
   */
  due(lease: LaneLease, now: Date, limit: number, inFlight: string[], ordered: boolean): Promise<DueDelivery[]>;
  /**
   * Freezes what first attempts render with, before they are made. One statement; answers an id for `complete`. What
   * an ended worker froze and did not complete comes back in `due`, first when that is asked without any in flight.
   */
  freeze(lease: LaneLease, batch: FrozenBatch): Promise<string>;
  /** Forgets what was frozen for attempts that were not made after all: their user may still change. */
  thaw(lease: LaneLease, batches: string[]): Promise<void>;
  /**
   * Records attempts and moves the deliveries on; rows of a lost lease or already final ones are left alone. `batches`:
   * frozen batches whose attempts are all recorded with these results.
   */
  complete(lease: LaneLease, results: DeliveryResult[], batches?: string[]): Promise<void>;
  /** Lanes in which deliveries to a destination are pending, to wake when it is switched on again. */
  waitingLanes(environmentId: string, destinationId: string): Promise<string[]>;
  /** Cancels what is pending for a connection's data. */
  cancelOfConnection(environmentId: string, connectionId: string): Promise<number>;
  list(environmentId: string, filter: DeliveryFilter): Promise<DeliveryRow[]>;
  attempts(environmentId: string, deliveryIds: string[]): Promise<AttemptRow[]>;
}

// ----------------------------------------------------------------------------------------------- raw and payloads

export interface RawStore {
  /**
   * Stores the newest version of each (connection, resource, identity, day); an older or byte-equal copy changes
   * nothing. Answers the ids of rows that now wait for normalisation.
   */
  put(environmentId: string, records: NewRaw[]): Promise<string[]>;
  /** Rows of a leased lane that wait, oldest first. */
  waiting(lease: LaneLease, now: Date, limit: number): Promise<RawRecord[]>;
  /** Rows that were normalised. Like the next two, it leaves alone a row that changed since it was read. */
  done(environmentId: string, records: RawVersion[]): Promise<void>;
  /** A record that cannot be used: kept, with its reason, and no longer tried. */
  setAside(environmentId: string, record: RawVersion, reason: string): Promise<void>;
  /** Tries again at `dueAt`. */
  park(environmentId: string, record: RawVersion, dueAt: Date, reason: string): Promise<void>;
}

export interface PayloadStore {
  /** HMAC of the stored content, or undefined: decides whether anything changed. */
  unchanged(environmentId: string, payload: NewPayload): Promise<boolean>;
  upsert(environmentId: string, payload: NewPayload): Promise<void>;
  list(environmentId: string, filter: PayloadFilter): Promise<StoredPayload[]>;
  types(environmentId: string, connectionId: string): Promise<DataType[]>;
}

// ------------------------------------------------------------------------------------------------------ the rest

export interface OperatorStore {
  /** One-time links and browser sessions of the first-steps page, by SHA-256 of their token. */
  add(kind: 'link' | 'session', hash: Uint8Array, expiresAt: Date, now: Date): Promise<void>;
  /** Takes a link: true once. */
  takeLink(hash: Uint8Array, now: Date): Promise<boolean>;
  isSession(hash: Uint8Array, now: Date): Promise<boolean>;
}

/** State of the simulated providers. Keys that are secrets are hashed by the sandbox before they come here. */
export interface SandboxStore {
  get(provider: string, kind: string, key: string, now: Date): Promise<Record<string, unknown> | undefined>;
  put(
    provider: string,
    kind: string,
    key: string,
    value: Record<string, unknown>,
    expiresAt: Date | undefined,
  ): Promise<void>;
  /** Removes and answers it: single use. */
  take(provider: string, kind: string, key: string, now: Date): Promise<Record<string, unknown> | undefined>;
  list(provider: string, kind: string, now: Date): Promise<{ key: string; value: Record<string, unknown> }[]>;
}

export interface AuditStore {
  add(entry: {
    environmentId: string | undefined;
    at: Date;
    actor: string;
    action: string;
    subject: string;
  }): Promise<void>;
}
