import type { TransportFailure } from '../core/http.ts';

/** Thrown inside the connector for an address that the guard refuses. */
export class BlockedAddress extends Error {
  readonly code = 'SOLUM_BLOCKED';
}

/** Error codes of Node and undici, by kind. */
const KINDS: Record<string, TransportFailure['failed']> = {
  SOLUM_BLOCKED: 'blocked',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EPROTO: 'tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls',
};

/** One sentence per kind. They name no address: reasons are shown to developers and logged. */
const REASONS: Record<TransportFailure['failed'], string> = {
  blocked: 'the address is not allowed',
  timeout: 'no complete answer in time',
  refused: 'the host refused the connection or is unreachable',
  reset: 'the connection was closed before the answer was complete',
  dns: 'the host name cannot be resolved',
  tls: 'no trusted TLS connection could be made',
  too_large: 'the answer is too large',
  aborted: 'stopped before the answer came',
  other: 'no usable answer',
};

/** An error of the HTTP client as a value, by its code; messages of errors are never repeated. */
export function failureOf(error: unknown): TransportFailure {
  const failed = kindOf(error);
  return { failed, reason: REASONS[failed] };
}

export function failure(failed: TransportFailure['failed']): TransportFailure {
  return { failed, reason: REASONS[failed] };
}

function kindOf(error: unknown): TransportFailure['failed'] {
  const code = codeOf(error);
  if (code === undefined) return 'other';
  return KINDS[code] ?? (isTlsCode(code) ? 'tls' : 'other');
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** OpenSSL's verification errors carry their X.509 names as codes. */
function isTlsCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code);
}
