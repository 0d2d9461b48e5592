import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

export function hmac(
  algorithm: 'sha1' | 'sha256' | 'sha512',
  key: string | Uint8Array,
  data: string | Uint8Array,
): Buffer {
  return createHmac(algorithm, key).update(data).digest();
}

/** Compares in time that does not depend on where the values differ. Different lengths are unequal. */
export function equalsConstantTime(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const left = sha256(a);
  const right = sha256(b);
  return timingSafeEqual(left, right) && Buffer.byteLength(a) === Buffer.byteLength(b);
}
