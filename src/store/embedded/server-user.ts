import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run, type ServerUser } from './run.ts';

const OWN_USER = 'solum';

/**
 * The system user that runs the server when we are root, which PostgreSQL refuses: `postgres` if the system has one, else `nobody`, else a user made for the
 * purpose. Throws when none can be had.
 */
export async function chooseServerUser(): Promise<ServerUser> {
  const known = await knownUsers();
  const found = [OWN_USER, 'postgres', 'nobody'].map((name) => known.find((user) => user.name === name));
  const chosen = found.find((user) => user && user.uid !== 0);
  if (chosen) return chosen;
  const made = await run(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', OWN_USER],
    undefined,
  );
  const user = (await knownUsers()).find(({ name }) => name === OWN_USER);
  if (user) return user;
  throw new Error(
    `PostgreSQL refuses to run as root, and this system has neither a user "postgres" nor "nobody", nor could one be made (${made.output.trim()}): run Solum as a normal user, or set DATABASE_URL`,
  );
}

/** The user that owns a file or directory, by name if it has one. */
export async function ownerOf(path: string): Promise<ServerUser> {
  const { uid, gid } = await stat(path);
  const known = (await knownUsers()).find((user) => user.uid === uid);
  return { name: known?.name ?? `with uid ${uid}`, uid, gid };
}

/**
 * The first directory on the way down to `path`, itself included, that the user may not pass; undefined when all are
 * open. `path` is absolute and free of symbolic links. Reads the classic mode bits: an access list that opens more only
 * costs us a detour.
 */
export async function closedDirectory(path: string, user: ServerUser): Promise<string | undefined> {
  const above = dirname(path) === path ? undefined : await closedDirectory(dirname(path), user);
  if (above) return above;
  const { uid, gid, mode } = await stat(path);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return mode & bit ? undefined : path;
}

async function knownUsers(): Promise<ServerUser[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
