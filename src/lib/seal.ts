import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const VERSION_PLAIN = 1;
const VERSION_DEFLATED = 2;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Below, a compressor's set-up costs more than the bytes it saves. */
const COMPRESS_FROM_BYTES = 1_024;

/**
 * Compresses (where it pays; without a checksum, the tag is one), then encrypts with AES-256-GCM.
 * Layout: version byte, 12-byte nonce, 16-byte tag, ciphertext. `place` is authenticated, not stored.
 */
export function seal(key: Uint8Array, plain: Uint8Array | string, place: string): Buffer {
  const bytes = typeof plain === 'string' ? Buffer.from(plain, 'utf8') : plain;
  const compress = bytes.byteLength >= COMPRESS_FROM_BYTES;
  const nonce = freshNonce();
  const version = compress ? VERSION_DEFLATED : VERSION_PLAIN;
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(`${version}/${place}`));
  const body = cipher.update(compress ? deflateRawSync(bytes, { level: 1 }) : bytes);
  cipher.final();
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made. Throws when key, place or bytes differ. */
export function open(key: Uint8Array, sealed: Uint8Array, place: string): Buffer {
  const version = sealed[0];
  if (version !== VERSION_PLAIN && version !== VERSION_DEFLATED) throw new Error('unknown version of a sealed value');
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(`${version}/${place}`));
  decipher.setAuthTag(tag);
  const body = decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES));
  decipher.final();
  return version === VERSION_DEFLATED ? inflateRawSync(body) : body;
}

const pool = Buffer.alloc(NONCE_BYTES * 512);
let used = pool.length;

/** Random bytes, drawn from the system for many nonces at once; none is handed out twice. */
function freshNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += NONCE_BYTES;
  return Buffer.from(pool.subarray(used - NONCE_BYTES, used));
}

/** A 32-byte key for one purpose, derived from a data key (RFC 5869, SHA-256). */
export function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `solum/${purpose}`, 32));
}
