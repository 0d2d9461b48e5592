import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** A random UUID (RFC 9562 §5.4). */
export function uuid4(): string {
  return randomUUID();
}

/** A UUID whose first 48 bits are the time in milliseconds, so that ids sort by it (RFC 9562 §5.7). */
export function uuid7(at: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at.getTime(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

/** A UUID from a namespace and a name, always the same for both (RFC 9562 §5.5). */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1').update(parseUuid(namespace)).update(name, 'utf8').digest();
  hash[6] = 0x50 | ((hash[6] ?? 0) & 0x0f);
  hash[8] = 0x80 | ((hash[8] ?? 0) & 0x3f);
  return formatUuid(hash.subarray(0, 16));
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** 16 bytes of a UUID in text form. */
export function parseUuid(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** A secret of `bytes` random bytes, url-safe. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
