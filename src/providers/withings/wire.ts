/** Every answer comes in this envelope with HTTP 200; `status` 0 is the only success. */
export interface WithingsEnvelope {
  status: number;
  body?: unknown;
  /** Names what was refused, e.g. the parameter. */
  error?: string;
}

export interface WithingsToken {
  userid: string | number;
  access_token: string;
  refresh_token: string;
  /** Seconds. */
  expires_in: number;
  /** Comma-separated. */
  scope?: string;
  csrf_token?: string;
  token_type?: string;
}

/** Answer of `/v2/signature` to `getnonce`. */
export interface WithingsNonce {
  nonce: string;
}

export function readEnvelope(json: unknown): WithingsEnvelope | undefined {
  return isObject(json) && typeof json.status === 'number' ? (json as unknown as WithingsEnvelope) : undefined;
}

/** The body of a successful answer; undefined for anything else. */
export function readBody(json: unknown): Record<string, unknown> | undefined {
  const envelope = readEnvelope(json);
  return envelope?.status === 0 && isObject(envelope.body) ? envelope.body : undefined;
}

export function isWithingsToken(body: unknown): body is WithingsToken {
  return (
    isObject(body) &&
    typeof body.access_token === 'string' &&
    typeof body.refresh_token === 'string' &&
    (typeof body.userid === 'string' || typeof body.userid === 'number')
  );
}

export function isWithingsNonce(body: unknown): body is WithingsNonce {
  return isObject(body) && typeof body.nonce === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
