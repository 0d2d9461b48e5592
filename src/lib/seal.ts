import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

const VERSION_PLAIN = 1;
const VERSION_GZIP = 2;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const COMPRESS_FROM_BYTES = 200;

/**
 * Compresses (where it pays), then encrypts with AES-256-GCM.
 * Layout: version byte, 12-byte nonce, 16-byte tag, ciphertext. `place` is authenticated, not stored.
 */
export function seal(key: Uint8Array, plain: Uint8Array | string, place: string): Buffer {
  const bytes = typeof plain === 'string' ? Buffer.from(plain, 'utf8') : plain;
  const compress = bytes.byteLength >= COMPRESS_FROM_BYTES;
  const nonce = randomBytes(NONCE_BYTES);
  const version = compress ? VERSION_GZIP : VERSION_PLAIN;
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(`${version}/${place}`));
  const body = cipher.update(compress ? gzipSync(bytes, { level: 1 }) : bytes);
  cipher.final();
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made. Throws when key, place or bytes differ. */
export function open(key: Uint8Array, sealed: Uint8Array, place: string): Buffer {
  const version = sealed[0];
  if (version !== VERSION_PLAIN && version !== VERSION_GZIP) throw new Error('unknown version of a sealed value');
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(`${version}/${place}`));
  decipher.setAuthTag(tag);
  const body = decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES));
  decipher.final();
  return version === VERSION_GZIP ? gunzipSync(body) : body;
}

/** A 32-byte key for one purpose, derived from a data key (RFC 5869, SHA-256). */
export function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `solum/${purpose}`, 32));
}
