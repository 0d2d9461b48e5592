import type { DataType } from './data-type.ts';
import type { Field } from './field.ts';
import type { ApiRequest, ApiResponse } from './http.ts';

export type Capability = 'poll' | 'notify' | 'push' | 'sdk' | 'file' | 'write';

/**
 * A provider as data and pure functions. The engine does all I/O; nothing in here may use the network, the database,
 * a clock, randomness or change its arguments. A quirk is an optional field with a default, never a name in the engine.
 */
export interface Provider {
  /** The wire code, upper case, e.g. `OURA`. */
  id: string;
  name: string;
  /** The provider's own domains, for the widget's "you are going to" line. */
  domains: string[];
  /** Inline SVG text or a file beside the manifest. Default: a mark drawn from the name. */
  logo?: string;
  /** Other spellings accepted on the wire. */
  aliases?: string[];
  /** Another provider's id whose manifest this one starts from. */
  extends?: string;
  capabilities: Capability[];
  /** Name → origin (`https://…`). The only origins that receive this provider's tokens. */
  hosts: Record<string, string>;
  /** What the operator enters. */
  credentials: Field[];
  /** What the end user enters before connecting (region, login). */
  ask?: Field[];
  auth: Auth;
  /** The app's own identity, for requests `as: 'service'`. Default: it has none. */
  service?: ServiceAccount;
  resources?: Record<string, Resource>;
  push?: Push;
  dataTypes: Partial<Record<DataType, DataTypeMap>>;
  limits: Limit[];
}

// ---------------------------------------------------------------------------------------------------------- auth

export type Auth = NoAuth | OAuth2Auth | OAuth1Auth | CredentialsAuth;

/** On-device providers (`sdk`) and files (`none`): no cloud grant at all. */
export interface NoAuth {
  kind: 'sdk' | 'none';
}

export interface Scope {
  name: string;
  /** When missing from the grant, the connection is refused with `insufficient_scopes`. Default false. */
  required?: boolean;
  /** Asked for unless the environment chose its own list. Default true. */
  default?: boolean;
  dataTypes: DataType[];
}

/** A grant as the engine keeps it (sealed). */
export interface Token {
  accessToken: string;
  refreshToken?: string;
  /** Seconds from the answer. The engine turns it into an instant. */
  expiresIn?: number;
  /** Epoch seconds, where the provider says so; wins over `expiresIn`. */
  expiresAt?: number;
  /** Granted scopes when the token answer names them. */
  scopes?: string[];
  /** OAuth 1.0a token secret. */
  tokenSecret?: string;
  /** Anything later steps need (user ids, session keys), strings only. */
  extra?: Record<string, string>;
}

/** What auth functions see. Absent members are not known at that point. */
export interface AuthContext {
  /** The operator's fields; in the sandbox, generated ones. */
  credentials: Record<string, string>;
  /** The end user's fields. */
  ask: Record<string, string>;
  redirectUri: string;
  /** Query parameters of the callback, e.g. the scopes that Strava returns there. */
  callback: Record<string, string>;
  /** Scopes asked for. */
  requested: string[];
  token?: Token;
  /** The raw token answer (some carry the account's identity). */
  tokenResponse?: ApiResponse;
  /** Answers of earlier steps, by step name. */
  results: Record<string, ApiResponse>;
  /** Known once the account is. */
  providerUserId?: string;
  /** A stable, unguessable id of ours for this account (Polar's member-id). */
  memberId: string;
  /** Epoch seconds, from the engine's clock. */
  now: number;
}

/** One request in a row of requests. */
export interface Step {
  name: string;
  request(context: AuthContext): ApiRequest | undefined;
  /** Default: 2xx is ok, 401/403 denied, 429/5xx retry, else give_up. */
  outcome?(response: ApiResponse): Outcome;
}

export interface TokenRequest {
  url: string;
  /** How the client proves itself. Default `body` (client_id and client_secret in the form). */
  clientAuth?: 'body' | 'basic' | 'none';
  /** Form fields beyond the standard ones; a value of undefined removes a standard one. */
  params?(context: AuthContext): Record<string, string | undefined>;
  headers?: Record<string, string>;
}

/** The app proves itself with a signed assertion and gets a token of its own, which belongs to no account (RFC 7523 §2.1). */
export interface ServiceAccount {
  tokenUrl: string;
  scopes: string[];
  algorithm: 'RS256' | 'ES256';
  /** Names of the credential fields that hold the issuer and the private key (PEM). */
  issuer: string;
  privateKey: string;
  /** Name of the credential field that holds the key's id. Default: the header names none. */
  keyId?: string;
}

interface GrantAuth {
  scopes: Scope[];
  /** Reads a token answer, whatever its envelope. Undefined: there is no token in it. */
  token(response: ApiResponse): Token | undefined;
  /** Requests after the token: register the user, read id, permissions, profile. */
  afterToken?: Step[];
  account(context: AuthContext): { providerUserId: string; label?: string };
  /** Undefined: the provider has no scopes. Default: those of the token answer, else those of the callback, else the requested ones. */
  grantedScopes?(context: AuthContext): string[] | undefined;
  /** The account's IANA time zone where the provider states it. */
  zone?(context: AuthContext): string | undefined;
  /** Refresh this many seconds before expiry. */
  refreshSkew: number;
  /** Seconds for which the previous refresh token still works after rotation. Default 0: it dies at once. */
  grace?: number;
  /** True when this answer to a refresh says that the grant is gone for good. */
  isDead(response: ApiResponse): boolean;
  revoke?: Step[];
}

export interface OAuth2Auth extends GrantAuth {
  kind: 'oauth2';
  authorize: {
    url: string;
    /** Default a blank (RFC 6749 §3.3). */
    scopeSeparator?: ' ' | ',';
    /** Default none. */
    pkce?: 'S256';
    params?(context: AuthContext): Record<string, string | undefined>;
  };
  exchange: TokenRequest;
  /** Absent: tokens do not expire. */
  refresh?: TokenRequest;
}

export interface OAuth1Auth extends GrantAuth {
  kind: 'oauth1';
  requestToken: { url: string };
  authorize: { url: string };
  exchange: { url: string };
  signature: 'HMAC-SHA1' | 'HMAC-SHA256';
}

/** The end user types a login (`ask`) into our hosted form. */
export interface CredentialsAuth extends GrantAuth {
  kind: 'credentials';
  exchange: { request(context: AuthContext): ApiRequest };
  refresh?: { request(context: AuthContext): ApiRequest };
}

// ----------------------------------------------------------------------------------------------------- resources

export type Outcome =
  | 'ok'
  | 'accepted'
  | 'duplicate'
  | 'empty'
  | 'denied'
  | 'retry'
  | 'reauth'
  | 'gone'
  | 'invalid'
  | 'give_up';

/** Half-open interval of instants. */
export interface Window {
  start: Date;
  end: Date;
}

export interface MapContext {
  provider: string;
  providerUserId: string;
  /** The connection's IANA zone, if one is stated. */
  zone?: string;
  /** Offset that the caller stated for files without one, in minutes. */
  offsetMinutes?: number;
  /** Globally unique id of a record: UUID v5 over provider, account, resource and record id. */
  summaryId(resource: string, recordId: string): string;
}

export interface RequestContext extends MapContext {
  credentials: Record<string, string>;
  ask: Record<string, string>;
  extra: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: a manifest narrows its own wire records; the engine only carries them.
export type WireRecord = any;

export interface Resource {
  kind: 'record' | 'series' | 'snapshot';
  /** Scope without which it is not fetched. */
  scope?: string;
  requests(window: Window, context: RequestContext): ApiRequest[];
  byId?(id: string, context: RequestContext): ApiRequest;
  next?(request: ApiRequest, response: ApiResponse): ApiRequest | undefined;
  records(body: unknown): WireRecord[];
  identity(record: WireRecord): string;
  /** Orders copies of one record; the larger wins. Default: the later received. */
  version?(record: WireRecord): string | number | undefined;
  /** Local calendar day `YYYY-MM-DD`. */
  day(record: WireRecord, context: MapContext): string;
  deleted?(record: WireRecord): boolean;
  /** Why nothing can be made of a record, in plain words without its values, e.g. "it holds settings, not a workout". */
  unusable?(record: WireRecord): string | undefined;
  /** Further requests that belong to this record: detail, streams, the sleep of a recovery. */
  expand?(record: WireRecord): Expansion[];
  window: {
    maxDays: number;
    filterOn: 'start' | 'end' | 'upload';
    overlapDays: number;
  };
  backfill?: {
    requests(window: Window, context: RequestContext): ApiRequest[];
    maxDays: number;
  };
  outcome?(response: ApiResponse): Outcome;
  /** Set where a record arrives as a file: the engine decodes it in a worker before `records`. */
  decode?: FileFormat;
}

export interface Expansion {
  resource: string;
  request: ApiRequest;
  /** Members that the engine sets on each record of the answer, for answers that do not say what they belong to. */
  with?: Record<string, string>;
}

export type FileFormat = 'fit' | 'tcx' | 'gpx';

// ---------------------------------------------------------------------------------------------------------- push

export type Subject = { providerUserId: string } | { subscriptionId: string } | { app: true };

export type Change =
  | { changed: string; id: string }
  | { changed: string; window: Window }
  | { changed: string; url: string }
  | { records: string; items: WireRecord[] }
  | { deleted: string; id: string }
  | { deleted: string; window: Window }
  | { revoked: true }
  | { scopes: string[] }
  | { ignored: string };

export type Notice = Subject & Change;

export interface PushRequest {
  method: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  rawBody: Uint8Array;
  /** Parsed only after verification; undefined before. */
  body: unknown;
}

export interface PushAnswer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
}

export interface SubscriptionContext {
  callbackUrl: string;
  credentials: Record<string, string>;
  /** Ours, random, kept sealed with the subscription. */
  verifyToken: string;
  subscription?: { id: string; secret?: string };
  providerUserId?: string;
}

/** Makes, prolongs or removes one subscription; each step that reads an id has a subscription of its own, by its name. */
export interface SubscriptionStep {
  name: string;
  request(context: SubscriptionContext): ApiRequest;
  read?(response: ApiResponse): { id: string; secret?: string; expiresAt?: number } | undefined;
  outcome?(response: ApiResponse): Outcome;
}

export type Verify =
  | {
      kind: 'hmac';
      algorithm: 'sha1' | 'sha256' | 'sha512';
      encoding: 'hex' | 'base64';
      /** Header with the signature, lower case. */
      header: string;
      /** Name of the credential field, or the secret that the subscription answered with. */
      secret: { credential: string } | { subscription: true };
      /** What is signed. Default: the raw body. */
      message?: (request: PushRequest) => Uint8Array;
      /** Where the signed time stands. Seconds of tolerance. */
      timestamp?: { header: string; unit: 's' | 'ms'; tolerance: number };
    }
  | {
      kind: 'header';
      header: string;
      equals: { credential: string } | { subscription: true } | { verifyToken: true };
    }
  | { kind: 'es256'; header: string; publicKey: string }
  /** Unsigned: the unguessable path is the check. */
  | { kind: 'path' };

export interface Push {
  scope: 'app' | 'connection' | 'manual';
  subscribe?: SubscriptionStep[];
  renew?: SubscriptionStep[];
  remove?: SubscriptionStep[];
  maxBytes: number;
  /** Seconds the provider waits for our answer. */
  answerWithin: number;
  /** A GET challenge, HEAD, PING or signature probe; undefined: not a handshake. Sees `rawBody`, never `body`. */
  handshake?(request: PushRequest, context: SubscriptionContext): PushAnswer | undefined;
  verify: Verify;
  /** Checks that have to hold as well, for providers that send a secret and a signature. Default: none. */
  verifyAlso?: Verify[];
  notices(request: PushRequest): Notice[];
  /** Poll when nothing came for this long. */
  silentAfterHours: number;
}

// ----------------------------------------------------------------------------------------------------- data types

/** The newest versions of the raw members of one group, by resource. Any may be missing. */
export type Group = Record<string, WireRecord[]>;

export interface DataTypeMap {
  anchor: string[];
  joins: { resource: string; on: 'id' | 'day' | 'interval' }[];
  group(record: WireRecord, context: MapContext): string;
  map(group: Group, context: MapContext): MappedPayload[];
}

/** A payload as mapped: the wire object with samples, and the key under which it is stored. */
export interface MappedPayload {
  /** Natural key within (connection, type): summary_id, local date, timestamp, or `athlete`. */
  key: string;
  /** The record's own local day, `YYYY-MM-DD`. */
  day: string;
  /** Start and end as instants, for date filters in unix form. */
  start?: Date;
  end?: Date;
  /** The wire model (schema room), whole. */
  body: Record<string, unknown>;
}

// --------------------------------------------------------------------------------------------------------- limits

export interface Limit {
  scope: 'app' | 'account';
  permits: number | ((accounts: number) => number);
  /** Seconds. */
  window: number;
  /** Window starts at clock multiples. Default false. */
  aligned?: boolean;
  cost?: (request: ApiRequest) => number;
}

/** Identity function that gives a manifest its type. Plain objects of the same shape are accepted as well. */
export function defineProvider(provider: Provider): Provider {
  return provider;
}

/** The providers that were loaded at start, by code and alias (case-insensitive). */
export interface ProviderRegistry {
  /** In code order. */
  all(): readonly LoadedProvider[];
  find(code: string): LoadedProvider | undefined;
}

export interface LoadedProvider extends Provider {
  /** Whether a sandbox counterpart stands beside the manifest. */
  simulated: boolean;
}
