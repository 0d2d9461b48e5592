import type { DataType } from '../core/data-type.ts';
import type { AttemptRow, DeliveryRow } from '../core/delivery.ts';
import type { DestinationRow } from '../core/destination.ts';
import type { Environment } from '../core/environment.ts';
import type { Event } from '../core/event.ts';
import type { TerraUser } from '../schema/user.ts';

/** What the HTTP server and the command line can ask for. Built once by main. */
export interface Services {
  environments: EnvironmentService;
  connect: ConnectService;
  disconnect: DisconnectService;
  users: UserService;
  integrations: IntegrationService;
  destinations: DestinationService;
  events: EventService;
  importing: ImportService;
  read: ReadService;
  operators: OperatorService;
}

// --------------------------------------------------------------------------------------------------- environments

export interface EnvironmentService {
  /** `dev-id` and `x-api-key` to the environment; throws `headers_missing` or `unauthorized`. */
  authenticate(devId: string | undefined, apiKey: string | undefined): Promise<Environment>;
  byDevId(devId: string): Promise<Environment | undefined>;
  /** `key` is shown here and never again. */
  create(input: { name: string; kind?: string; devId?: string; apiKey?: string; signingSecret?: string }): Promise<{
    environment: Environment;
    apiKey: string;
    signingSecret: string;
  }>;
  list(): Promise<Environment[]>;
  addKey(environment: Environment, label: string): Promise<string>;
  /** A new key; all others die at once. */
  rotateKey(environment: Environment): Promise<string>;
  /** A new signing secret; the old one signs beside it for `overlapHours` (default 24). */
  rotateSecret(environment: Environment, overlapHours?: number): Promise<string>;
  /** `name=value` texts, checked against the settings table. Throws `bad_request` naming the setting. */
  set(environment: Environment, assignments: string[]): Promise<Environment>;
}

// -------------------------------------------------------------------------------------------------------- connect

export interface SessionInput {
  referenceId?: string;
  providers?: string[];
  disallowedProviders?: string[];
  language?: string;
  successUrl?: string;
  failureUrl?: string;
  showDisconnect?: boolean;
}

export interface OfferedProvider {
  code: string;
  name: string;
  logo: string | undefined;
  kind: 'oauth' | 'credentials' | 'sdk' | 'none';
  simulated: boolean;
  /** Set when a connection of the session's reference id exists. */
  connection: { userId: string; state: 'active' | 'needs_reconnecting' } | undefined;
}

export interface SessionView {
  id: string;
  state: 'open' | 'expired' | 'completed' | 'user_limit';
  app: { name: string; color: string; logo: string | undefined };
  language: string | undefined;
  showDisconnect: boolean;
  providers: OfferedProvider[];
  completed: { userId: string | undefined; provider: string } | undefined;
  /** Where to send the browser when the link has expired. */
  failureRedirect: string | undefined;
  /** An open link that offers one provider: the page goes straight on to `/auth/start/<flowId>`. */
  single?: { flowId: string };
}

/** Where a browser goes next. */
export type Onward =
  | { kind: 'redirect'; url: string; cookies?: Cookie[] }
  /** The callback came to a browser that did not start: ask before going on. */
  | {
      kind: 'confirm';
      app: SessionView['app'];
      providerName: string;
      language: string | undefined;
    }
  | {
      kind: 'failure';
      reason: string;
      app?: SessionView['app'];
      language?: string;
    };

export interface Cookie {
  name: string;
  value: string;
  /** Seconds; 0 deletes. */
  maxAge: number;
  path: string;
}

export interface CallbackInput {
  provider: string;
  query: Record<string, string>;
  cookies: Record<string, string>;
  /** True when the person confirmed on the page that `confirm` showed. */
  confirmed: boolean;
}

export interface ResultView {
  app: SessionView['app'] | undefined;
  language: string | undefined;
  providerName: string | undefined;
  /** How the person knows the account, e.g. an e-mail address. */
  accountLabel: string | undefined;
  scopes: string[] | undefined;
}

export interface ConnectService {
  createSession(
    environment: Environment,
    input: SessionInput,
  ): Promise<{ sessionId: string; url: string; expiresIn: number }>;
  /** Throws `provider_not_found`, `provider_not_enabled`, `sdk_only`, `credentials_missing`, `redirect_refused`, `user_limit`. */
  authenticateUser(
    environment: Environment,
    provider: string,
    input: SessionInput,
  ): Promise<{ userId: string; authUrl: string }>;
  /** Undefined: there is no such session. Changes nothing. */
  view(sessionId: string): Promise<SessionView | undefined>;
  /** The person picked a provider: makes a flow and answers where to go (`/auth/start/<flow>` or the app). */
  choose(sessionId: string, provider: string): Promise<Onward>;
  /** `/auth/start/<id>`: to the provider's authorize page, with the state in a cookie. Writes nothing. */
  start(flowId: string): Promise<Onward>;
  callback(input: CallbackInput): Promise<Onward>;
  /** What the default result pages show; by session or flow id. */
  result(id: string): Promise<ResultView | undefined>;
  /** `auth_cancelled` for flows that ran out; called by the tick. Answers how many. */
  expire(): Promise<number>;
}

export interface DisconnectService {
  /** Revokes at the provider, deletes everything kept, sends `deauth`. Throws `user_not_found`. */
  byUserId(environment: Environment, userId: string): Promise<void>;
  /** From the widget: only a connection of the session's reference id, only where `showDisconnect` is on. */
  fromSession(sessionId: string, userId: string): Promise<void>;
  /** Revokes at the provider that failed before; called by the tick. */
  retryRevokes(): Promise<number>;
}

export interface UserService {
  /** Throws `user_not_found`. */
  byUserId(environment: Environment, userId: string): Promise<TerraUser>;
  byReference(environment: Environment, referenceId: string): Promise<TerraUser[]>;
  all(environment: Environment, filter: { referenceId?: string }): Promise<TerraUser[]>;
  page(
    environment: Environment,
    options: { page: number; perPage: number; referenceId?: string },
  ): Promise<{ next: number | null; maxPage: number; results: TerraUser[] }>;
}

export interface IntegrationService {
  /** Codes of cloud providers and of SDK providers. */
  codes(environment: Environment | undefined): Promise<{ providers: string[]; sdk: string[] }>;
  list(environment: Environment | undefined): Promise<IntegrationRow[]>;
  show(code: string): Promise<Record<string, unknown>>;
  setEnabled(environment: Environment, code: string, enabled: boolean): Promise<void>;
  setScopes(environment: Environment, code: string, scopes: string[] | undefined): Promise<void>;
  /** Throws `bad_request` naming the field that is missing or unknown. */
  setCredentials(environment: Environment, code: string, values: Record<string, string>): Promise<void>;
}

export interface IntegrationRow {
  code: string;
  name: string;
  kind: 'oauth' | 'credentials' | 'sdk' | 'none';
  enabled: boolean;
  /** Which account a new connection gets: the operator's own app, the simulated provider, or none can be made. */
  transport: 'live' | 'sandbox' | 'unavailable' | 'device';
  types: DataType[];
  capabilities: string[];
}

// ------------------------------------------------------------------------------------------ destinations, events

export interface DestinationService {
  /** Throws what `add` would throw, and changes nothing. */
  check(type: string, config: Record<string, unknown>): void;
  /** Throws `bad_request` naming the field, also for addresses the guard refuses. The secret is shown here only. */
  add(
    environment: Environment,
    type: string,
    config: Record<string, unknown>,
    options?: { useEnvironmentSecret?: boolean },
  ): Promise<{
    destination: DestinationRow;
    signingSecret: string | undefined;
  }>;
  list(environment: Environment): Promise<DestinationRow[]>;
  update(environment: Environment, id: string, change: Record<string, unknown>): Promise<DestinationRow>;
  remove(environment: Environment, id: string): Promise<void>;
  /** Sends one marked event, now, and says how it went. */
  test(environment: Environment, id: string): Promise<{ ok: boolean; status?: number; reason?: string }>;
}

export interface EventRow extends Event {
  deliveries: (DeliveryRow & { tries: AttemptRow[] })[];
}

export interface EventService {
  list(
    environment: Environment,
    filter: {
      before?: string;
      after?: string;
      limit?: number;
      type?: string;
      userId?: string;
    },
  ): Promise<EventRow[]>;
  /** The stored body as JSON text; throws `not_found`. */
  body(environment: Environment, id: string): Promise<string>;
  /** New deliveries of the event (all destinations or one), each with a new trace id. */
  resend(environment: Environment, id: string, destinationId?: string): Promise<number>;
  deliveries(
    environment: Environment,
    filter: {
      before?: string;
      limit?: number;
      state?: string;
      destinationId?: string;
    },
  ): Promise<(DeliveryRow & { tries: AttemptRow[] })[]>;
}

// --------------------------------------------------------------------------------------------------- data, people

export interface ImportFile {
  name: string;
  bytes: Uint8Array;
}

export interface ImportResult {
  name: string;
  outcome: 'accepted' | 'unchanged' | 'refused';
  payloads: number;
  warnings: string[];
}

export interface ImportService {
  /**
   * Into the `FILE` connection of the reference id (made with its `auth` when there is none). `userId` is undefined when
   * every file was refused and there is no connection. Throws `bad_request`, `provider_not_enabled`, `user_limit`.
   */
  files(
    environment: Environment,
    referenceId: string,
    files: ImportFile[],
  ): Promise<{ userId: string | undefined; files: ImportResult[] }>;
  /** What the files map to, by type, without a database. */
  preview(
    referenceId: string,
    files: ImportFile[],
  ): Promise<{
    payloads: Record<string, Record<string, unknown>[]>;
    files: ImportResult[];
  }>;
}

export interface ReadQuery {
  userId: string;
  startDate: string | undefined;
  endDate: string | undefined;
  withSamples: boolean;
}

export interface ReadService {
  /** Stored payloads of one type and the user they belong to. Throws `user_not_found`, `data_type_unsupported`. */
  data(environment: Environment, type: DataType, query: ReadQuery): Promise<{ user: TerraUser; data: unknown[] }>;
  /**
   * Sends the window to the environment's destinations under this reference (`to_webhook=true`): as one event, or, for
   * a `large` window, in chunks that are announced first. Throws as `data` does.
   */
  request(
    environment: Environment,
    type: DataType,
    query: ReadQuery,
    options: { reference: string; large: boolean },
  ): Promise<{ user: TerraUser }>;
}

export interface OperatorService {
  /** A one-time link token for the first-steps page. */
  link(): Promise<string>;
  /** Exchanges a link for a session token; undefined when it was used or has expired. */
  enter(link: string): Promise<string | undefined>;
  isIn(session: string | undefined): Promise<boolean>;
}
