import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';

const BINARIES = '/usr/lib/postgresql/15/bin';
const START_PATIENCE_MS = 30_000;
const run = promisify(execFile);

export interface RunningServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Whether PostgreSQL 15, the oldest that is supported, can be started on this machine. */
export function hasPostgres15(): boolean {
  return existsSync(join(BINARIES, 'postgres'));
}

/** Makes and starts a PostgreSQL 15 cluster of our own in `folder`, with durability off. */
export async function startPostgres15(folder: string): Promise<RunningServer> {
  if (!hasPostgres15()) throw new Error('PostgreSQL 15 is missing: apt-get install postgresql-15');
  const user = await serverUser();
  const data = join(folder, 'data');
  const password = randomBytes(18).toString('base64url');
  await mkdir(data, { recursive: true });
  await chmod(folder, 0o711);
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    await chown(data, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const init = ['-D', data, '-U', 'solum', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-N', '-E', 'UTF8'];
  await run(join(BINARIES, 'initdb'), [...init, '--locale=C.UTF-8'], { ...user, cwd: data });
  const port = await freePort();
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=200',
    'timezone=UTC',
  ];
  const server = spawn(
    join(BINARIES, 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: data, stdio: 'ignore' },
  );
  const url = `postgres://solum:${password}@127.0.0.1:${port}/postgres`;
  await waitUntilReady(server, url);
  return { url, pid: server.pid ?? 0, stop: () => stopServer(server) };
}

/** PostgreSQL refuses to run as root: as root we run it as the `postgres` user that its package made. */
async function serverUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function waitUntilReady(server: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + START_PATIENCE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (server.exitCode !== null || performance.now() > deadline) {
        throw new Error('PostgreSQL 15 did not start', { cause });
      }
      await sleep(20);
    }
  }
}

function stopServer(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    server.once('exit', () => resolve());
    server.kill('SIGINT'); // fast shutdown: ends open sessions
  });
}
