import { createHash } from 'node:crypto';
import { chmod, chown, lchown, lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { makeDirectory, writeDurably } from './disk.ts';
import type { ServerUser } from './run.ts';
import { chooseServerUser, closedDirectory, ownerOf } from './server-user.ts';

/** Where one embedded database lives, and as whom its server runs. */
export interface Place {
  /** Password, lock, holders, server log and the record below: only for us (0700). */
  control: string;
  /** What PostgreSQL calls PGDATA. It appears by a rename, so if it exists it is whole. */
  data: string;
  /** `lost`: a cluster was completed here at some time and is no longer there. */
  state: 'new' | 'whole' | 'lost';
  /** Undefined when the server runs as ourselves. */
  user: ServerUser | undefined;
}

/** `data` is relative when the database lies inside the data directory, so that the directory can be moved. */
interface ClusterRecord {
  data: string;
  initialised: boolean;
}

const INSIDE = 'postgres';
const SYSTEM_ROOT = '/var/lib/solum';

/** The directory of our own files inside the data directory. */
export function controlDirectory(dataDir: string): string {
  return join(dataDir, 'embedded');
}

/** Where the database of this data directory is, without changing anything; undefined when there is none yet. */
export async function findPlace(dataDir: string): Promise<Place | undefined> {
  const root = await realpath(dataDir).catch(absent);
  const record = root && (await readRecord(controlDirectory(root)));
  if (!root || !record) return undefined;
  const data = isAbsolute(record.data) ? record.data : join(root, record.data);
  const present = await realpath(data).catch(absent);
  return {
    control: controlDirectory(root),
    data: present ?? data,
    state: present ? 'whole' : record.initialised ? 'lost' : 'new',
    user: isRoot() && present ? await ownerOf(present) : undefined,
  };
}

/**
 * Finds the place, or chooses one and remembers it. As root, both old and new places are checked for being reachable by
 * the server's user, up to the file system's root. Call it under the lock; the control directory must exist.
 */
export async function preparePlace(dataDir: string, log: (line: string) => void): Promise<Place> {
  const place = await findPlace(dataDir);
  if (place && place.state !== 'new') {
    if (place.user) await reopen(await realpath(dataDir), place.data, place.user);
    return place;
  }
  const root = await realpath(dataDir);
  const user = isRoot() ? await chooseServerUser() : undefined;
  const data = user ? await chooseData(root, user, log) : INSIDE;
  await remember(controlDirectory(root), { data, initialised: false });
  return {
    control: controlDirectory(root),
    data: isAbsolute(data) ? data : join(root, data),
    state: 'new',
    user,
  };
}

/** Notes that the cluster is complete: from now on a missing one is a loss, not a beginning. */
export async function rememberInitialised(place: Place): Promise<void> {
  const record = await readRecord(place.control);
  if (record && !record.initialised) await remember(place.control, { ...record, initialised: true });
}

/** As root: the first directory in which a server of that user can reach its files, among those that only root can write. */
export async function makeSystemDirectory(name: string, user: ServerUser): Promise<string | undefined> {
  for (const root of [SYSTEM_ROOT, join(tmpdir(), 'solum')]) {
    try {
      await makeDirectory(root, 0o755);
      const { uid, mode } = await lstat(root);
      // In a directory for everybody, somebody else may have been first.
      if (uid !== 0 || mode & 0o022) continue;
      await openTo(root, user); // a strict umask has closed it
      if (await closedDirectory(await realpath(root), user)) continue;
      const directory = join(await realpath(root), name);
      await makeDirectory(directory, 0o700);
      await openTo(directory, user);
      return directory;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return undefined;
}

/** As root in somebody's data directory: what we made there becomes theirs, so that they can start it without us next time. */
export async function giveToOwner(control: string): Promise<void> {
  const { uid, gid } = await stat(dirname(control));
  if (!isRoot() || uid === 0) return;
  for (const path of [control, ...(await readdir(control, { recursive: true })).map((name) => join(control, name))]) {
    await lchown(path, uid, gid);
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function chooseData(root: string, user: ServerUser, log: (line: string) => void): Promise<string> {
  const closed = await closedDirectory(dirname(root), user);
  if (!closed && (await tryOpenTo(root, user))) return INSIDE;
  const directory = await unusedSystemDirectory(root, user, log);
  const reason = `${closed ?? root} is closed to the user ${user.name} that runs the database`;
  if (!directory) {
    throw new Error(`${reason}, and no directory in ${SYSTEM_ROOT} or ${tmpdir()} is open to it: open one (chmod o+x)`);
  }
  log(`the database lives in ${directory}, because ${reason}`);
  if (directory.startsWith(tmpdir())) log(`${directory} may be emptied by the system: choose another SOLUM_DATA_DIR`);
  return join(directory, INSIDE);
}

/** The directory of this data directory. One with a database in it is from before somebody removed the data directory. */
async function unusedSystemDirectory(
  root: string,
  user: ServerUser,
  log: (line: string) => void,
): Promise<string | undefined> {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  for (let count = 1; ; count += 1) {
    const directory = await makeSystemDirectory(count === 1 ? name : `${name}-${count}`, user);
    const isUsed = directory && (await stat(join(directory, INSIDE)).catch(absent));
    if (!isUsed) return directory;
    log(`${directory} keeps a database that ${root} no longer knows: remove it if nobody needs it`);
  }
}

/** A directory that was open when the database was made may have been closed since. */
async function reopen(root: string, data: string, user: ServerUser): Promise<void> {
  if (data.startsWith(join(root, '/'))) await tryOpenTo(root, user);
  const closed = await closedDirectory(data, user);
  if (!closed) return;
  throw new Error(
    `the database in ${data} belongs to the user ${user.name}, to whom ${closed} is closed: open it (chmod o+x ${closed})`,
  );
}

async function tryOpenTo(directory: string, user: ServerUser): Promise<boolean> {
  try {
    await openTo(directory, user);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** Lets the user pass through a directory of ours (not list it), with as little opened as possible. */
async function openTo(directory: string, user: ServerUser): Promise<void> {
  const { uid, gid, mode } = await stat(directory);
  if (uid === user.uid || mode & (gid === user.gid ? 0o010 : 0o001)) return;
  const groupIsUsed = mode & 0o070 && gid !== user.gid;
  if (!groupIsUsed) await chown(directory, uid, user.gid);
  await chmod(directory, (mode & 0o7777) | (groupIsUsed ? 0o001 : 0o010));
}

async function readRecord(control: string): Promise<ClusterRecord | undefined> {
  const text = await readFile(recordPath(control), 'utf8').catch(absent);
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

async function remember(control: string, record: ClusterRecord): Promise<void> {
  await writeDurably(recordPath(control), `${JSON.stringify(record)}\n`);
}

function recordPath(control: string): string {
  return join(control, 'cluster.json');
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

/** What foreign, read-only and odd file systems answer to mkdir, chown and chmod. */
function isRefusal(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP', 'ENOTDIR', 'EEXIST'].includes(code);
}
