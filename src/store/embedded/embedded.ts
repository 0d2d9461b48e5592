import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { prepareBinaries } from './binaries.ts';
import { checkVersion, createCluster } from './cluster.ts';
import { diskTrouble, isOutOfSpace, makeDirectory, writeDurably } from './disk.ts';
import { addHolder, removeHolder } from './holders.ts';
import { controlDirectory, findPlace, giveToOwner, type Place, preparePlace, rememberInitialised } from './location.ts';
import { withLock } from './lock.ts';
import { findServer, startServer, stopServer } from './server.ts';

export interface EmbeddedOptions {
  /** Absolute; made if missing. */
  dataDir: string;
  /** Gets a line where the operator should know what happened. Never a secret. */
  log: (line: string) => void;
}

export interface EmbeddedDatabase {
  /** For node-postgres; holds the password. */
  url: string;
  /** `fresh`: a new database; `restarted`: an existing one; `adopted`: its server was running already. */
  started: 'fresh' | 'restarted' | 'adopted';
  /** Lets go of the server, which stops when no other process uses it. May be called again. */
  stop(): Promise<void>;
}

const ATTACH_PATIENCE_MS = 30_000;

/**
 * Starts (or adopts) the PostgreSQL kept in dataDir. Several processes may do so at once; the last one that stops it ends
 * it. Throws plain errors that say what is wrong and what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  return explained(options.dataDir, async () => {
    const control = controlDirectory(options.dataDir);
    await makeDirectory(options.dataDir, 0o700);
    await makeDirectory(control, 0o700);
    return withLock(join(control, 'lock'), () => startUnderLock(options));
  });
}

/** Attaches to a running one without owning it, or undefined when none runs. For the command line. */
export async function attachEmbedded(options: EmbeddedOptions): Promise<{ url: string } | undefined> {
  return explained(options.dataDir, async () => {
    const place = await findPlace(options.dataDir);
    if (place?.state !== 'whole') return undefined;
    const server = await findServer(place, await readPassword(place), ATTACH_PATIENCE_MS);
    return server && { url: server.url };
  });
}

async function startUnderLock({ dataDir, log }: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const place = await preparePlace(dataDir, log);
  if (place.state === 'lost') {
    throw new Error(
      `the database of ${dataDir} should be in ${place.data} and is not there: put it back from a backup, or remove ${place.control} to begin with an empty one`,
    );
  }
  const found = place.state === 'whole' ? await findServer(place, await readPassword(place)) : undefined;
  const { url, started } = found ? { url: found.url, started: 'adopted' as const } : await launch(place, log);
  await rememberInitialised(place);
  const holders = join(place.control, 'holders');
  const holder = await addHolder(holders);
  await giveToOwner(place.control);
  log(`embedded PostgreSQL ${started} in ${place.data}`);

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (!existsSync(place.control)) return; // removed under us: PostgreSQL sees that its files are gone and ends by itself
    await withLock(join(place.control, 'lock'), async () => {
      if (await removeHolder(holders, holder)) await stopServer(place);
    });
  };
  return {
    url,
    started,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function launch(place: Place, log: (line: string) => void): Promise<Omit<EmbeddedDatabase, 'stop'>> {
  const binaries = await prepareBinaries(place, log);
  const isNew = place.state === 'new';
  const password = isNew ? await makePassword(place) : await readPassword(place);
  if (isNew) await createCluster(binaries, place, password);
  else await checkVersion(binaries, place);
  const { url } = await startServer(binaries, place, password);
  return { url, started: isNew ? 'fresh' : 'restarted' };
}

async function makePassword(place: Place): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  await writeDurably(passwordPath(place), password);
  return password;
}

async function readPassword(place: Place): Promise<string> {
  try {
    return (await readFile(passwordPath(place), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${passwordPath(place)}, the password of the database in ${place.data}, is missing: put it back`);
  }
}

function passwordPath(place: Place): string {
  return join(place.control, 'password');
}

/** Says what a bare system error means for the person who starts Solum. */
async function explained<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string };
    if (isOutOfSpace(error)) {
      const place = [dest, path].find((name) => name && isAbsolute(name)); // what a copy or link was to make
      const trouble = (await diskTrouble(place ?? dataDir)) ?? `no space or quota is left (${message})`;
      throw new Error(`cannot keep a database in ${dataDir}: ${trouble}`, {
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new Error(
        `cannot use ${path ?? dataDir} as uid ${process.getuid?.()} (${code}): start Solum as the user that owns ${dataDir}, give it to this user (chown -R), or set SOLUM_DATA_DIR to a directory that can be written`,
        { cause: error },
      );
    }
    throw error;
  }
}
