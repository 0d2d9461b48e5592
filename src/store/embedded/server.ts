import { spawn } from 'node:child_process';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Binaries } from './binaries.ts';
import { SUPERUSER } from './cluster.ts';
import { diskTrouble } from './disk.ts';
import type { Place } from './location.ts';
import { isPresent, servesData, signal, startOf, waitUntilGone } from './process-mark.ts';
import { asUser, CLEAN_ENVIRONMENT, lastLines } from './run.ts';

/** A server that has answered with our password. */
export interface LiveServer {
  pid: number;
  url: string;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1', // the build has no TLS
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off', // short queries; compiling them costs more than it saves
  // Errors of statements may quote values, and a crash report the statement: neither belongs in a log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

const RECOVERY_PATIENCE_MS = 300_000;
const STOP_PATIENCE_MS = 60_000;
/** How long the last children of a killed server may take to go. */
const ORPHAN_PATIENCE_MS = 10_000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * The running server of this place; undefined when none runs. Waits for one that is just starting or stopping, at most
 * `patience` milliseconds, and throws when it then still does not answer, or refuses our password.
 */
export async function findServer(
  place: Place,
  password: string,
  patience = RECOVERY_PATIENCE_MS,
): Promise<LiveServer | undefined> {
  const deadline = Date.now() + patience;
  for (;;) {
    const file = await readPidFile(place);
    if (!file || !(await runs(file.pid, place))) return undefined;
    const url = urlOf(file.port, password);
    if (file.ready && (await answers(url, place))) return { pid: file.pid, url };
    if (Date.now() > deadline) {
      throw new Error(
        `the database server in ${place.data} (process ${file.pid}) runs but does not answer: see ${logPath(place)}, or end that process`,
      );
    }
    await sleep(20);
  }
}

/** Starts the server on a free port and waits until it answers. Call it under the lock, when `findServer` found none. */
export async function startServer(binaries: Binaries, place: Place, password: string): Promise<LiveServer> {
  await rotateLog(place);
  const crashed = await clearPidFile(place);
  const deadline = Date.now() + ORPHAN_PATIENCE_MS;
  for (;;) {
    const port = await freePort();
    const result = await launch(binaries, place, password, port);
    if ('url' in result) return result;
    const mayPass = crashed || (await isTaken(port)); // its orphans are still leaving, or somebody was faster
    if (mayPass && Date.now() < deadline && !(await diskTrouble(place.data))) await sleep(100);
    else {
      const trouble = await diskTrouble(place.data);
      throw new Error(
        `the database in ${place.data} does not start: ${trouble ? `${trouble} (${result.failure})` : `${result.failure}; more in ${logPath(place)}`}`,
      );
    }
  }
}

/** Fast shutdown: ends the sessions, writes everything to disk and waits until the process is gone. */
export async function stopServer(place: Place): Promise<void> {
  const pid = (await readPidFile(place))?.pid;
  if (pid === undefined || !(await runs(pid, place))) return;
  signal(pid, 'SIGINT');
  if (await waitUntilGone(pid, STOP_PATIENCE_MS)) return;
  signal(pid, 'SIGQUIT'); // at once; the next start recovers from the write-ahead log
  if (await waitUntilGone(pid, STOP_PATIENCE_MS)) return;
  throw new Error(`the database server in ${place.data} (process ${pid}) does not stop: end that process`);
}

async function launch(
  binaries: Binaries,
  place: Place,
  password: string,
  port: number,
): Promise<LiveServer | { failure: string }> {
  const log = await open(logPath(place), 'a', 0o600);
  const start = (await log.stat()).size;
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(join(binaries.directory, 'postgres'), ['-D', place.data, ...settings], {
    ...asUser(place.user),
    cwd: '/',
    env: CLEAN_ENVIRONMENT,
    detached: true, // Ctrl-C in a terminal is for us; we stop the server when we have let go of it
    stdio: ['ignore', log.fd, log.fd],
  });
  let over: string | undefined;
  child.on('error', (error) => {
    over = error.message;
  });
  child.on('exit', (code, signal) => {
    over ??= `it ended with ${signal ?? code}`;
  });
  child.unref();
  await log.close();
  while (over === undefined) {
    const file = await readPidFile(place);
    const url = urlOf(port, password);
    if (file?.pid === child.pid && file?.ready && (await answers(url, place))) return { pid: file.pid, url };
    await sleep(10);
  }
  const written = (await readFile(logPath(place))).subarray(start).toString();
  return { failure: lastLines(written, 2) || over };
}

function urlOf(port: number, password: string): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
}

function logPath(place: Place): string {
  return join(place.control, 'postgres.log');
}

async function rotateLog(place: Place): Promise<void> {
  const size = (await stat(logPath(place)).catch(() => undefined))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(logPath(place), `${logPath(place)}.1`);
}

async function runs(pid: number, place: Place): Promise<boolean> {
  return (await startOf(pid)) !== undefined && (await servesData(pid, place.data));
}

/** What the server says about itself in postmaster.pid: line 1 process, 4 port, 8 state. */
async function readPidFile(place: Place): Promise<{ pid: number; port: number; ready: boolean } | undefined> {
  const text = await readFile(join(place.data, 'postmaster.pid'), 'latin1').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * Removes a leftover postmaster.pid at which PostgreSQL itself would give up: an empty one, and one whose pid now belongs
 * to another program. Answers whether there was any, that is whether the server had not been stopped in order. Orphans of
 * a dead server are not overlooked: PostgreSQL also finds them by the shared memory that they hold.
 */
async function clearPidFile(place: Place): Promise<boolean> {
  const path = join(place.data, 'postmaster.pid');
  if (!(await stat(path).catch(() => undefined))) return false;
  const file = await readPidFile(place);
  if (!file || isPresent(file.pid)) await rm(path, { force: true });
  return true;
}

/** Whether the server lets us in; false means not yet. A wrong password throws: waiting would not help. */
async function answers(url: string, place: Place): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {}); // a server that stops just now
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '28P01') {
      throw new Error(
        `the database in ${place.data} does not accept the password in ${place.control}: put the former password file back, or use another data directory`,
      );
    }
    return code === '53300'; // all places taken: it lives, and is busy
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}
