import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/**
 * The key kept in a file that only we may read, made the first time; several processes that start at once get one and
 * the same. Throws when the file holds anything else.
 */
export async function readOrMakeKeyFile(path: string): Promise<Buffer> {
  const found = await readKeyFile(path);
  if (found) return found;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path); // unlike a rename, it never replaces the key of another process
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKeyFile(path);
  if (!made) throw new Error(`the key file ${path} vanished while it was made`);
  return made;
}

async function readKeyFile(path: string): Promise<Buffer | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${path} is not a key file: it should hold 64 hex digits`);
    return Buffer.from(text, 'hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
