import { sha256 } from '../lib/hash.ts';

const KEY_BYTES = 32;

/** The master keys this process can unwrap data keys with, by id; new ones are wrapped with the current. */
export interface MasterKeys {
  current: { id: string; key: Buffer };
  all: Map<string, Buffer>;
}

/** The key now in use and, while a rotation is under way, the earlier ones. 32 bytes each. */
export function masterKeys(current: Buffer, previous: readonly Buffer[] = []): MasterKeys {
  const all = new Map([...previous, current].map((key) => [masterKeyId(key), key]));
  return { current: { id: masterKeyId(current), key: current }, all };
}

/** A short name of the key, which says nothing about it. */
function masterKeyId(key: Buffer): string {
  if (key.byteLength !== KEY_BYTES) throw new Error(`a master key has ${KEY_BYTES} bytes, this one ${key.byteLength}`);
  return sha256(Buffer.concat([Buffer.from('solum/master-key-id/'), key]))
    .toString('hex')
    .slice(0, 16);
}
