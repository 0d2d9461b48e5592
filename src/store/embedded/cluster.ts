import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { diskTrouble, syncDirectory } from './disk.ts';
import type { Place } from './location.ts';
import { lastLines, run } from './run.ts';

export const SUPERUSER = 'solum';

/** Sorting by code point, upper and lower case of all of Unicode, the same on every system; PostgreSQL's own locale. */
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/**
 * Makes the database cluster of a new place. It grows beside its final name and gets that name when it is complete and
 * on disk, so a half-made one is never taken for whole; remains of interrupted attempts are removed.
 */
export async function createCluster(binaries: Binaries, place: Place, password: string): Promise<void> {
  const base = dirname(place.data);
  await removeDrafts(place);
  const draft = `${place.data}.draft-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${draft}.password`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (place.user) {
      await chown(draft, place.user.uid, place.user.gid);
      await chown(passwordFile, place.user.uid, place.user.gid);
    }
    await initialise(binaries, place, draft, passwordFile);
    await rename(draft, place.data);
    await syncDirectory(base);
    await syncDirectory(dirname(base));
  } finally {
    await rm(passwordFile, { force: true });
    await removeDrafts(place);
  }
}

/** Throws when the data was written by another major version than these programs. */
export async function checkVersion(binaries: Binaries, place: Place): Promise<void> {
  const major = (await readFile(join(place.data, 'PG_VERSION'), 'utf8')).trim();
  if (major === binaries.major) return;
  throw new Error(
    `the database in ${place.data} was made by PostgreSQL ${major}, and PostgreSQL ${binaries.major} is installed: go back to the former release of Solum and move the data by pg_dump and pg_restore`,
  );
}

async function initialise(binaries: Binaries, place: Place, draft: string, passwordFile: string): Promise<void> {
  const { code, output } = await run(
    join(binaries.directory, 'initdb'),
    [
      `--pgdata=${draft}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth-local=reject',
      '--auth-host=scram-sha-256',
      '--no-instructions',
      '--no-clean', // we remove it, after a look at the disk
      ...LOCALE,
    ], // without --no-sync: initdb ends by writing everything through to the disk
    place.user,
  );
  if (code === 0) return;
  const trouble = await diskTrouble(dirname(draft));
  const failure = code === null ? await switchFailure(place, output) : lastLines(output, 3);
  throw new Error(`could not make the database in ${place.data}: ${trouble ? `${trouble} (${failure})` : failure}`);
}

async function switchFailure(place: Place, output: string): Promise<string> {
  if (!place.user) return output;
  return `cannot run programs as the user ${place.user.name} (${output}): run Solum as a normal user, or set DATABASE_URL`;
}

async function removeDrafts(place: Place): Promise<void> {
  const base = dirname(place.data);
  for (const name of await readdir(base)) {
    if (!name.startsWith(`${basename(place.data)}.draft-`)) continue;
    // The initdb of a killed process may still be writing there: give it a moment to run into the void.
    await rm(join(base, name), {
      recursive: true,
      force: true,
      maxRetries: 10,
      retryDelay: 50,
    });
  }
}
