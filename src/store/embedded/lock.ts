import { randomBytes } from 'node:crypto';
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownMark, pidOf } from './process-mark.ts';

const PATIENCE_MS = 120_000;

/**
 * Runs `work` while this call holds the lock at `path`; waits for a living holder and takes over from a dead one.
 * The lock is a symbolic link that names its holder: made and filled in one step, and it needs no space on a full disk.
 * Throws when a living process holds it for two minutes.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const own = `${await ownMark()}.${randomBytes(4).toString('hex')}`; // unique for each hold
  await acquire(path, own);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, own: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await claim(path, own))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (!(await isAlive(holder))) await breakLock(path, holder, own);
    else if (Date.now() < deadline) await sleep(20);
    else {
      throw new Error(
        `process ${pidOf(holder)} has been starting or stopping the database for two minutes (${path}): end that process and try again`,
      );
    }
  }
}

/**
 * Removes the lock of a dead holder. Only one living process at a time may, or a slow one would remove the lock that a
 * quick one has just taken: the right is a link named after the dead hold, and dying breakers are outnumbered in turn.
 */
async function breakLock(path: string, dead: string, own: string): Promise<void> {
  const rights: string[] = [];
  for (let turn = 1; ; turn++) {
    const right = `${path}.${dead}.${turn}`;
    rights.push(right);
    if (await claim(right, own)) break;
    const breaker = await readHolder(right);
    if (breaker === undefined || (await isAlive(breaker))) {
      await sleep(5);
      return;
    }
  }
  if ((await readHolder(path)) === dead) await rm(path, { force: true });
  for (const right of rights) await rm(right, { force: true });
}

async function claim(path: string, own: string): Promise<boolean> {
  try {
    await symlink(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
