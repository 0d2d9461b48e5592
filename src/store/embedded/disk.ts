import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const MEGABYTE = 1024 * 1024;
/** A new cluster takes about 40 MB and one more write-ahead segment takes 16. */
const ROOM_NEEDED = 60 * MEGABYTE;

/** What to say about the disk of this directory when something failed there; undefined when it has room. */
export async function diskTrouble(directory: string): Promise<string | undefined> {
  const existing = await nearestExisting(directory);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= ROOM_NEEDED) return undefined;
  return `the disk mounted at ${await mountPoint(existing)} is full or nearly so (${Math.floor(free / MEGABYTE)} MB free, about ${ROOM_NEEDED / MEGABYTE} MB needed): make room there, or choose a data directory on another disk`;
}

/** Whether a system call failed for want of space or quota. */
export function isOutOfSpace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Puts a file (0600) in place whole and durably, or not at all. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes renames inside a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Creates the last directory of the path with this mode; missing ones above get the usual mode. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function mountPoint(path: string): Promise<string> {
  const parent = join(path, '..');
  if (parent === path || (await stat(path)).dev !== (await stat(parent)).dev) return path;
  return mountPoint(parent);
}
