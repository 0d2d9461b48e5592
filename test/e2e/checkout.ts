import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface User {
  uid: number;
  gid: number;
}

/**
 * A fresh clone as `npm ci` leaves it: the files that git knows or would take, and the packages as hard links. Nothing is
 * built. With `owner` everything belongs to that user, except the packages' files, which it can only read.
 */
export function makeCheckout(folder: string, owner?: User): void {
  const listed = execFileSync('git', ['ls-files', '-co', '-z', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  for (const name of listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join(ROOT, name), join(folder, name));
  }
  execFileSync('cp', ['-al', join(ROOT, 'node_modules'), join(folder, 'node_modules')]);
  if (owner) give(folder, owner, true);
}

/** Files of packages are shared with the repository's own: their owner stays. */
function give(path: string, owner: User, withFiles: boolean): void {
  const isDirectory = lstatSync(path).isDirectory();
  if (isDirectory || withFiles) chownSync(path, owner.uid, owner.gid);
  if (!isDirectory) return;
  for (const name of readdirSync(path)) give(join(path, name), owner, withFiles && name !== 'node_modules');
}
