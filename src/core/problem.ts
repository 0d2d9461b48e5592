/**
 * The one table of errors that Solum can answer with. `title` is the wire title (lower-case HTTP status text unless
 * the wire contract names another), `detail` the default text; a thrown Problem may carry a more precise one.
 */
export const PROBLEMS = {
  bad_request: {
    status: 400,
    title: 'bad request',
    detail: 'the request is malformed',
  },
  provider_not_enabled: {
    status: 400,
    title: 'bad request',
    detail: 'provider is not enabled, enable on the dashboard',
  },
  credentials_missing: {
    status: 400,
    title: 'bad request',
    detail: 'provider credentials are not configured',
  },
  sdk_only: {
    status: 400,
    title: 'bad request',
    detail: 'provider is only available through the mobile sdk',
  },
  redirect_refused: {
    status: 400,
    title: 'bad request',
    detail: 'redirect url is not allowed',
  },
  data_type_disabled: {
    status: 400,
    title: 'bad request',
    detail: 'data type is not enabled, enable on the dashboard',
  },
  write_unsupported: {
    status: 400,
    title: 'bad request',
    detail: 'this connection does not support writing',
  },
  headers_missing: {
    status: 401,
    title: 'unauthorized',
    detail: 'dev-id or x-api-key headers are missing',
  },
  unauthorized: {
    status: 401,
    title: 'unauthorized',
    detail: 'invalid dev-id or x-api-key',
  },
  session_required: {
    status: 401,
    title: 'unauthorized',
    detail: 'open the one-time link printed at start',
  },
  forbidden: { status: 403, title: 'forbidden', detail: 'forbidden' },
  csrf: {
    status: 403,
    title: 'forbidden',
    detail: 'the form has expired, reload the page',
  },
  user_limit: { status: 403, title: 'forbidden', detail: 'user limit reached' },
  dev_id_unknown: {
    status: 404,
    title: 'not found',
    detail: 'Invalid dev-id was provided',
  },
  user_not_found: { status: 404, title: 'not found', detail: 'user not found' },
  provider_not_found: {
    status: 404,
    title: 'not found',
    detail: 'provider not found',
  },
  not_found: { status: 404, title: 'not found', detail: 'not found' },
  data_type_unsupported: {
    status: 404,
    title: 'invalid data type',
    detail: 'this connection does not support the requested data type',
  },
  method_not_allowed: {
    status: 405,
    title: 'method not allowed',
    detail: 'method not allowed',
  },
  conflict: {
    status: 409,
    title: 'conflict',
    detail: 'the change collides with what is stored',
  },
  session_expired: {
    status: 410,
    title: 'gone',
    detail: 'this link has expired',
  },
  too_large: {
    status: 413,
    title: 'payload too large',
    detail: 'the body is larger than this route accepts',
  },
  unsupported_media: {
    status: 415,
    title: 'unsupported media type',
    detail: 'send application/json',
  },
  provider_permission: {
    status: 424,
    title: 'failed dependency',
    detail: 'request failed due to a provider permission issue',
  },
  provider_failed: {
    status: 424,
    title: 'failed dependency',
    detail: 'the provider rejected the request; retry later',
  },
  rate_limited: {
    status: 429,
    title: 'too many requests',
    detail: 'rate limit exceeded',
  },
  provider_rate_limited: {
    status: 429,
    title: 'too many requests',
    detail: 'provider rate limit reached',
  },
  internal: {
    status: 500,
    title: 'internal server error',
    detail: 'something went wrong on our side',
  },
  unavailable: {
    status: 503,
    title: 'service unavailable',
    detail: 'the database is not reachable',
  },
  time_budget: {
    status: 504,
    title: 'gateway timeout',
    detail: 'the read took too long, use to_webhook=true',
  },
} as const satisfies Record<string, { status: number; title: string; detail: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemOptions {
  /** More precise text for the caller; never holds a secret, a token or a health value. */
  detail?: string;
  /** The input field the caller has to change, in wire spelling. */
  field?: string;
  cause?: unknown;
  /** Extra response headers, e.g. `Retry-After` (seconds), `Allow`. */
  headers?: Record<string, string>;
}

/** What should not happen in a good call, with a stable `code` that callers may branch on. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly field: string | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const row = PROBLEMS[code];
    const detail = options.detail ?? row.detail;
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.status = row.status;
    this.title = row.title;
    this.detail = detail;
    this.field = options.field;
    this.headers = options.headers ?? {};
  }
}
