import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { type MasterKeys, masterKeys } from '../store/master-key.ts';

/** The master keys in use, and the file they come from where it is ours to change. */
export interface MasterKeySource extends MasterKeys {
  file: KeyFile | undefined;
}

/** The operator's key, else the generated key file in the data directory, made the first time and re-read on change. */
export function openMasterKeys(config: Config): MasterKeySource {
  if (config.masterKey) return { ...masterKeys(config.masterKey, config.previousMasterKeys), file: undefined };
  const file = openKeyFile(join(config.dataDir, 'master.key'));
  return {
    get current() {
      return file.keys().current;
    },
    get all() {
      return file.keys().all;
    },
    file,
  };
}

/** A file of ours (0600) with one key a line, the current one first. */
interface KeyFile {
  path: string;
  /** Read again when the file changed since, so that a running server follows a rotation. */
  keys(): MasterKeys;
  /** Puts a new key first and keeps the others; answers the new one's id. */
  addKey(): string;
  /** Drops all but the current key. */
  dropEarlier(): void;
}

function openKeyFile(path: string): KeyFile {
  ensure(path);
  let readAt = -1;
  let known: MasterKeys | undefined;
  const keys = () => {
    const changedAt = statSync(path).mtimeMs;
    if (!known || changedAt !== readAt) {
      const [current, ...previous] = read(path);
      known = masterKeys(current, previous);
      readAt = changedAt;
    }
    return known;
  };
  return {
    path,
    keys,
    addKey() {
      write(path, [randomBytes(32), ...read(path)]);
      return keys().current.id;
    },
    dropEarlier() {
      write(path, read(path).slice(0, 1));
    },
  };
}

/** Makes the file when there is none; processes that start at once end with the same one. */
function ensure(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, line(randomBytes(32)), { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path); // unlike a rename, it never replaces the key of another process
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): [Buffer, ...Buffer[]] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text.trim() !== '');
  const [current, ...previous] = lines.map((text) => Buffer.from(text.trim(), 'hex'));
  if (!current || [current, ...previous].some((key) => key.length !== 32)) {
    throw new Error(`${path} is not a key file: each line should hold 64 hex digits`);
  }
  return [current, ...previous];
}

function write(path: string, keys: Buffer[]): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, keys.map(line).join(''), { mode: 0o600, flag: 'wx', flush: true });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

function line(key: Buffer): string {
  return `${key.toString('hex')}\n`;
}
