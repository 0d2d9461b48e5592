import { equalsConstantTime, sha256 } from '../../lib/hash.ts';
import { open, seal } from '../../lib/seal.ts';
import type { Cookie } from '../services.ts';
import { LINK_SECONDS } from './ports.ts';

/** Callbacks come below this path; the cookie goes nowhere else. */
const COOKIE_PATH = '/v2/auth';

/** Temporary credentials of OAuth 1.0a, which the callback needs again. */
export interface TemporaryToken {
  token: string;
  secret: string;
}

function cookieName(flowId: string): string {
  return `solum_flow_${flowId.slice(0, 8)}`;
}

/**
 * Binds an attempt to the browser that started it: the hash of the state and, for OAuth 1.0a, the sealed temporary
 * credentials, so that the start writes no row.
 */
export function bindBrowser(key: Uint8Array, flowId: string, state: string, temporary?: TemporaryToken): Cookie {
  const bound = sha256(state).toString('base64url');
  const sealed = temporary && seal(key, JSON.stringify(temporary), place(flowId)).toString('base64url');
  const value = sealed ? `${bound}.${sealed}` : bound;
  return { name: cookieName(flowId), value, maxAge: LINK_SECONDS, path: COOKIE_PATH };
}

export function releaseBrowser(flowId: string): Cookie {
  return { name: cookieName(flowId), value: '', maxAge: 0, path: COOKIE_PATH };
}

/** Whether these cookies are of the browser that started with this state. */
export function isSameBrowser(flowId: string, state: string, cookies: Record<string, string>): boolean {
  const [bound = ''] = (cookies[cookieName(flowId)] ?? '').split('.');
  return equalsConstantTime(bound, sha256(state).toString('base64url'));
}

/** The temporary credentials from the cookie; undefined when it holds none that we sealed. */
export function temporaryToken(
  key: Uint8Array,
  flowId: string,
  cookies: Record<string, string>,
): TemporaryToken | undefined {
  const sealed = (cookies[cookieName(flowId)] ?? '').split('.')[1];
  if (!sealed) return undefined;
  try {
    return JSON.parse(open(key, Buffer.from(sealed, 'base64url'), place(flowId)).toString('utf8'));
  } catch {
    // A cookie from elsewhere is the same as none: the attempt fails as invalid_state.
    return undefined;
  }
}

function place(flowId: string): string {
  return `cookie/${flowId}/temporary`;
}
