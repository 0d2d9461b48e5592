/** A request to a provider, described as data. The engine adds the token, sends it, bounds it. */
export interface ApiRequest {
  /** Default GET. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, in the provider's real host, which must be one of the manifest's `hosts`. */
  url: string;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  /** `application/x-www-form-urlencoded`. At most one of `form` and `json`. */
  form?: Record<string, string | number | undefined>;
  json?: unknown;
  /** Who the request speaks for. Default `bearer` (the account's access token); `service` is the app's own token. */
  as?: 'bearer' | 'basic' | 'nobody' | 'service';
}

/** A provider's answer. `json` is undefined when the body is not JSON. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  json: unknown;
}

/** Why no answer came. The text names no address, secret or token. */
export interface TransportFailure {
  failed: 'timeout' | 'refused' | 'reset' | 'dns' | 'blocked' | 'too_large' | 'tls' | 'aborted' | 'other';
  reason: string;
}

export function isFailure(answer: ApiResponse | TransportFailure): answer is TransportFailure {
  return 'failed' in answer;
}
