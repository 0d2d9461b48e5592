import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownMark } from './process-mark.ts';

/** Notes that this call uses the server; answers the note's path. An empty file, its name says who: fits a full disk. */
export async function addHolder(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${await ownMark()}.${randomBytes(4).toString('hex')}`);
  await writeFile(path, '', { mode: 0o600, flag: 'wx' });
  return path;
}

/** Withdraws a note; true when no living process is left that uses the server. Notes of dead ones are swept. */
export async function removeHolder(directory: string, path: string): Promise<boolean> {
  await rm(path, { force: true });
  let left = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    if (await isAlive(name)) left++;
    else await rm(join(directory, name), { force: true });
  }
  return left === 0;
}
