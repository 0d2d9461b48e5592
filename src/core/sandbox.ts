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
  /** The person decided on the consent page: makes the code (or the error) and answers the redirect's query parameters. */
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
  /** The failure switch that is on for this provider, if any. */
  failure(): Promise<FailureSwitch | undefined>;
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
