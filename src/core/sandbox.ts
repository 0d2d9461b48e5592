import type { PushRequest } from './provider.ts';

/** A simulated provider: `providers/<x>/sandbox.ts` default export. It knows nothing of the manifest beside it. */
export interface SandboxProvider {
  /** The wire code, e.g. `OURA`. */
  id: string;
  /** The real origins it stands in for, e.g. `https://cloud.ouraring.com`. */
  hosts: string[];
  /** Names of the generated credential fields besides `client_id` and `client_secret`. */
  extraCredentials?: string[];
  /**
   * Answers one request made to one of its hosts. OAuth consent goes through `consent`: the engine shows the page
   * (choose a person, untick scopes, allow or deny) and calls `decide`.
   */
  handle(request: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer>;
  /** Says in the provider's own wire format that it is overloaded or broken. Default: a bare 429 or 500. */
  failed?(failure: Extract<FailureSwitch, { kind: 'rate_limited' | 'server_error' }>): SandboxAnswer;
  /** The person decided on the consent page: makes the code (or the error) and answers the redirect's query parameters, without `state`. */
  decide(consent: Consent, decision: ConsentDecision, farm: SandboxFarm): Promise<Record<string, string>>;
}

export interface SandboxRequest extends PushRequest {
  /** The real address that was asked, e.g. `https://api.ouraring.com/oauth/token`. */
  url: URL;
  form: Record<string, string>;
}

export type SandboxAnswer =
  | {
      status: number;
      headers?: Record<string, string>;
      json?: unknown;
      text?: string;
    }
  /** Show the consent page; the person's decision comes back through `decide`. */
  | { consent: Consent }
  /** Close the socket without an answer. */
  | { drop: true };

export interface Consent {
  clientId: string;
  redirectUri: string;
  state: string;
  scopes: string[];
  /** Anything the provider needs again at `decide` (code challenge, mode). */
  extra?: Record<string, string>;
}

export interface ConsentDecision {
  person: string;
  allowed: boolean;
  scopes: string[];
}

/** What the engine lends to a simulated provider. */
export interface SandboxFarm {
  now(): Date;
  people: readonly Person[];
  person(key: string): Person | undefined;
  /** The generated client of an environment, or undefined for a client id nobody has. */
  client(clientId: string): Promise<Record<string, string> | undefined>;
  /** Random, url-safe. */
  secret(): string;
  /** Key-value state of this provider. Keys of kinds that end in `token` or `code` are hashed before storage. */
  get(kind: string, key: string): Promise<Record<string, unknown> | undefined>;
  put(kind: string, key: string, value: Record<string, unknown>, ttlSeconds?: number): Promise<void>;
  take(kind: string, key: string): Promise<Record<string, unknown> | undefined>;
  list(kind: string): Promise<{ key: string; value: Record<string, unknown> }[]>;
  /** The parts of an OAuth server, so that a counterpart holds only what is its provider's own. */
  oauth: SandboxOAuth;
  /** The failure switch that is on for this provider, if any. */
  failure(): Promise<FailureSwitch | undefined>;
}

/** What one person granted to one client. Its tokens die with it. */
export interface SandboxGrant {
  id: string;
  clientId: string;
  person: string;
  scopes: string[];
}

export interface SandboxTokenRules {
  accessSeconds: number;
  /** Absent: refresh tokens do not expire. */
  refreshSeconds?: number;
  /**
   * `never`: no refresh tokens at all. `kept`: the same refresh token goes on. `single_use`: replaced and dead at once.
   * `grace`: replaced, and the old one works for `graceSeconds` or until the new access token is used.
   */
  rotation: 'never' | 'kept' | 'single_use' | 'grace';
  graceSeconds?: number;
}

export interface SandboxTokens {
  accessToken: string;
  refreshToken?: string;
  expiresIn: number;
  grant: SandboxGrant;
}

/** Tokens and codes are kept as SHA-256 only. Answers of undefined say "refused"; the counterpart finds the wire words. */
export interface SandboxOAuth {
  /** The client, if the secret is its own (compared in constant time). */
  client(clientId: string | undefined, secret: string | undefined): Promise<Record<string, string> | undefined>;
  /** Reads an authorise request (RFC 6749 §4.1.1) into a consent, or says which parameter is wrong. */
  authorize(
    query: Record<string, string>,
    scopeSeparator: ' ' | ',',
  ): Promise<{ consent: Consent } | { refused: 'response_type' | 'client_id' | 'redirect_uri' }>;
  issueCode(consent: Consent, decision: ConsentDecision, lifeSeconds: number): Promise<string>;
  /** Single use: a code that was shown once, expired, or belongs to another client or redirect address gives nothing. */
  redeemCode(
    code: string | undefined,
    by: { clientId: string; redirectUri: string | undefined; codeVerifier?: string | undefined },
  ): Promise<SandboxGrant | undefined>;
  issueTokens(grant: SandboxGrant, rules: SandboxTokenRules): Promise<SandboxTokens>;
  refresh(
    refreshToken: string | undefined,
    clientId: string,
    rules: SandboxTokenRules,
  ): Promise<SandboxTokens | undefined>;
  /** Whose token this is; undefined when it is unknown, expired or its grant is gone. */
  access(accessToken: string | undefined): Promise<SandboxGrant | undefined>;
  /** Ends the grant with all its tokens. */
  revoke(grantId: string): Promise<void>;
  grants(of: { clientId: string; person: string }): Promise<SandboxGrant[]>;
  /** True when this token answer has to be dropped now; counts the switch down. Ask before the work and after it. */
  dropsAnswer(moment: 'before' | 'after'): Promise<boolean>;
}

export type FailureSwitch =
  | { kind: 'down' }
  | { kind: 'slow'; seconds: number }
  | { kind: 'rate_limited'; retryAfter: number }
  | { kind: 'server_error' }
  /** Answers of token requests are dropped, before or after the token was consumed. */
  | { kind: 'drop_token_answer'; consumed: boolean; times: number }
  | { kind: 'revoked' };

/** A seeded person. Physiology is coherent across providers; the sandbox's people know no provider. */
export interface Person {
  key: string;
  firstName: string;
  lastName: string;
  email: string;
  sex: 'female' | 'male';
  birthDate: string;
  heightMetres: number;
  weightKilograms: number;
  restingHeartRate: number;
  zone: string;
}

/** The farm as the HTTP server sees it: everything below `/sandbox/`. */
export interface SandboxGate {
  handle(request: {
    method: string;
    /** Path and query after `/sandbox`, e.g. `/api.ouraring.com/oauth/token?x=1`. */
    path: string;
    headers: Record<string, string>;
    rawBody: Uint8Array;
  }): Promise<{ status: number; headers: Record<string, string>; body: string } | { drop: true }>;
}
