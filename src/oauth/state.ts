import { equalsConstantTime, hmac } from '../lib/hash.ts';
import { formatUuid, parseUuid } from '../lib/ids.ts';

const ID_BYTES = 16;
const NONCE_BYTES = 16;
const MAC_BYTES = 16;
const BODY_BYTES = 2 * ID_BYTES + NONCE_BYTES;

/** What a state says. Not to be believed before `verifyState`. */
export interface StateIds {
  environmentId: string;
  flowId: string;
}

/**
 * The `state` of an authorisation request (RFC 6749 §10.12): base64url of environment id, flow id, nonce (16 bytes
 * each) and a MAC. The environment id comes first so that the callback can find the key that verifies the rest.
 */
export function makeState(key: Uint8Array, ids: StateIds, nonce: Uint8Array): string {
  if (nonce.byteLength !== NONCE_BYTES) throw new Error(`a state needs a nonce of ${NONCE_BYTES} bytes`);
  const body = Buffer.concat([parseUuid(ids.environmentId), parseUuid(ids.flowId), nonce]);
  return Buffer.concat([body, mac(key, body)]).toString('base64url');
}

/** The ids in a state, unverified; undefined when it does not have our form. */
export function readState(state: string): StateIds | undefined {
  const bytes = decode(state);
  if (!bytes) return undefined;
  return {
    environmentId: formatUuid(bytes.subarray(0, ID_BYTES)),
    flowId: formatUuid(bytes.subarray(ID_BYTES, 2 * ID_BYTES)),
  };
}

/** True when `makeState` made this text with this key. */
export function verifyState(key: Uint8Array, state: string): boolean {
  const bytes = decode(state);
  if (!bytes) return false;
  return equalsConstantTime(mac(key, bytes.subarray(0, BODY_BYTES)), bytes.subarray(BODY_BYTES));
}

/**
 * The PKCE code verifier that belongs to a state: 43 characters (RFC 7636 §4.1). Derived, so that nothing has to be
 * stored between the authorise page and the callback; only the holder of the key can compute it.
 */
export function codeVerifier(key: Uint8Array, state: string): string {
  return hmac('sha256', key, `pkce/${state}`).toString('base64url');
}

function mac(key: Uint8Array, body: Uint8Array): Buffer {
  return hmac('sha256', key, Buffer.concat([Buffer.from('state/'), body])).subarray(0, MAC_BYTES);
}

function decode(state: string): Buffer | undefined {
  const bytes = Buffer.from(state, 'base64url');
  // Decoding is lenient; only the one spelling that we write is accepted.
  if (bytes.byteLength !== BODY_BYTES + MAC_BYTES || bytes.toString('base64url') !== state) return undefined;
  return bytes;
}
