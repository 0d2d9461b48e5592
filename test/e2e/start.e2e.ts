import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startOf } from '../../src/store/embedded/process-mark.ts';
import { hasPostgres15, type RunningServer, startPostgres15 } from '../harness/debian-server.ts';
import { freePort } from '../harness/free-port.ts';
import { makeCheckout, type User } from './checkout.ts';
import { connectPerson, type Keys, type Ready, usersOf } from './running-solum.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 120_000;
const PROGRAMS = '/var/lib/solum/programs';
const isRoot = process.getuid?.() === 0;
const hadPrograms = existsSync(PROGRAMS);

/** Where a clone lies and who starts it. Only root can be two people. */
const CASES: [string, { mode: number; user: User | undefined }][] = isRoot
  ? [
      ['as root below a closed folder', { mode: 0o700, user: undefined }],
      ['as a normal user', { mode: 0o755, user: nobody() }],
    ]
  : [['as a normal user', { mode: 0o755, user: undefined }]];

const running = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  if (isRoot && !hadPrograms) await rm(PROGRAMS, { recursive: true, force: true });
});

describe.each(CASES)('a fresh clone %s', (title, { mode, user }) => {
  let area: string;
  let clone: Clone;
  let keys: Keys;
  let userId: string;

  beforeAll(async () => {
    area = mkdtempSync(join(tmpdir(), 'solum-clone-'));
    await chmod(area, mode);
    const folder = join(area, 'solum');
    await mkdir(join(area, 'home'));
    makeCheckout(folder, user);
    if (user) await chown(join(area, 'home'), user.uid, user.gid);
    clone = { folder, dataDir: join(folder, '.solum'), user, port: await freePort(), home: join(area, 'home') };
  });
  afterAll(async () => {
    const pid = existsSync(join(clone.dataDir, 'embedded')) ? serverPid(clone.dataDir) : undefined;
    if (pid && (await isAlive(pid))) process.kill(pid, 'SIGQUIT');
    const elsewhere = dirname(dataOf(clone.dataDir));
    if (!elsewhere.startsWith(area)) await rm(elsewhere, { recursive: true, force: true });
    await rm(area, { recursive: true, force: true });
  });

  test('npm start answers and prints link, dev-id and key, which work', async () => {
    const from = performance.now();
    const npm = run('npm', ['start'], clone);
    await answers(clone.port, npm);
    process.stdout.write(`npm start ${title}: first answer after ${Math.round(performance.now() - from)} ms\n`);
    await until(() => /API key .*\n/.test(npm.out()), 'the key is printed', npm);
    const printed = npm.out();
    const url = /Solum answers on (\S+)/.exec(printed)?.[1] ?? '';
    expect(url).toBe(`http://localhost:${clone.port}`);
    const link = /First steps +(\S+)/.exec(printed)?.[1] ?? '';
    expect(await (await fetch(link)).text()).toContain('Open first steps');
    keys = { url, devId: /dev-id +(\S+)/.exec(printed)?.[1] ?? '', apiKey: /API key +(\S+)/.exec(printed)?.[1] ?? '' };
    userId = await connectPerson(keys, 'OURA', 'kept');
    expect(await usersOf(keys)).toEqual([userId]);

    const pid = serverPid(clone.dataDir);
    npm.child.kill('SIGTERM'); // npm ends at once, and the server after it
    await until(async () => !(await isAlive(pid)), 'the database has stopped', npm);
    expect(npm.err()).not.toMatch(/"level":(50|60)/);
  });

  test('a second start keeps everything, and SIGTERM ends it in order', async () => {
    const second = run(process.execPath, ['bin/solum.js', 'start', '--json'], clone);
    const ready = await readyOf(second);
    expect(ready.dev_id).toBe(keys.devId);
    expect(ready.api_key).toBeUndefined();
    expect(await usersOf(keys)).toEqual([userId]);
    const pid = serverPid(clone.dataDir);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(await isAlive(pid)).toBe(false);
    expect(second.err()).not.toMatch(/"level":(50|60)/);
  });

  test('after kill -9 the next start takes over the database that is left running', async () => {
    const killed = run(process.execPath, ['bin/solum.js', 'start', '--json'], clone);
    await readyOf(killed);
    const pid = serverPid(clone.dataDir);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await isAlive(pid)).toBe(true);
    const next = run(process.execPath, ['bin/solum.js', 'start', '--json'], clone);
    await readyOf(next);
    expect(serverPid(clone.dataDir)).toBe(pid);
    expect(await usersOf(keys)).toEqual([userId]);
    next.child.kill('SIGINT');
    expect(await next.ended).toBe(0);
    expect(await isAlive(pid)).toBe(false);
  });

  test('of two starts at once one serves, the other says that the port is in use', async () => {
    const both = [1, 2].map(() => run(process.execPath, ['bin/solum.js', 'start', '--json'], clone));
    const code = await Promise.race(both.map((one) => one.ended));
    expect(code).toBe(2);
    const [loser] = both.filter((one) => one.child.exitCode !== null);
    const [winner] = both.filter((one) => one.child.exitCode === null);
    expect(loser?.err()).toContain(`port ${clone.port} is in use`);
    expect((await readyOf(winner as Run)).dev_id).toBe(keys.devId);
    expect(await usersOf(keys)).toEqual([userId]);
    await connectPerson(keys, 'WITHINGS', 'another');
    expect(await usersOf(keys)).toHaveLength(2);
    winner?.child.kill('SIGTERM');
    expect(await winner?.ended).toBe(0);
  });
});

test('after the data directory was removed, a start begins anew', async () => {
  const area = mkdtempSync(join(tmpdir(), 'solum-anew-')); // closed to others: as root the database lies elsewhere
  const dataDir = join(area, 'data');
  const place = { folder: REPOSITORY, dataDir, user: undefined, port: await freePort(), home: tmpdir() };
  const used = new Set<string>([area]);
  onTestFinished(async () => {
    for (const path of used) await rm(path, { recursive: true, force: true });
  });
  const devIds: string[] = [];
  for (const _ of [1, 2, 3]) {
    await rm(dataDir, { recursive: true, force: true });
    const one = run(process.execPath, ['bin/solum.js', 'start', '--json'], place);
    devIds.push((await readyOf(one)).dev_id);
    used.add(dirname(dataOf(dataDir)));
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
  }
  expect(new Set(devIds).size).toBe(3);
});

test('two first starts at once make one environment, whose key is shown', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'solum-two-'));
  const place = { folder: REPOSITORY, dataDir, user: undefined, port: await freePort(), home: tmpdir() };
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const both = [1, 2].map(() => run(process.execPath, ['bin/solum.js', 'start', '--json'], place));
  expect(await Promise.race(both.map((one) => one.ended))).toBe(2);
  const winner = both.find((one) => one.child.exitCode === null) as Run;
  const ready = await readyOf(winner);
  expect(ready.api_key).toBeDefined();
  const list = run(process.execPath, ['bin/solum.js', 'env', 'list', '--json'], place);
  expect(await list.ended).toBe(0);
  expect((JSON.parse(list.out()) as { dev_id: string }[]).map(({ dev_id }) => dev_id)).toEqual([ready.dev_id]);
  winner.child.kill('SIGTERM');
  expect(await winner.ended).toBe(0);
});

describe.runIf(hasPostgres15())('with a PostgreSQL 15 of the operator', () => {
  let folder: string;
  let server: RunningServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'solum-pg15-'));
    server = await startPostgres15(folder);
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('it starts, keeps everything and leaves the database running', async () => {
    const dataDir = join(folder, 'solum');
    const env = { DATABASE_URL: server.url };
    const place = { folder: REPOSITORY, dataDir, user: undefined, port: await freePort(), home: tmpdir(), env };
    const first = run(process.execPath, ['bin/solum.js', 'start', '--json'], place);
    const ready = await readyOf(first);
    const keys = { url: ready.url, devId: ready.dev_id, apiKey: ready.api_key ?? '' };
    const userId = await connectPerson(keys, 'OURA', 'kept');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = run(process.execPath, ['bin/solum.js', 'start', '--json'], place);
    expect((await readyOf(second)).dev_id).toBe(keys.devId);
    expect(await usersOf(keys)).toEqual([userId]);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(await isAlive(server.pid)).toBe(true);
    expect(existsSync(join(dataDir, 'embedded'))).toBe(false);
    expect(first.out() + first.err() + second.err()).not.toContain(new URL(server.url).password);
  });
});

interface Clone {
  folder: string;
  dataDir: string;
  user: User | undefined;
  port: number;
  home: string;
  env?: Record<string, string>;
}

interface Run {
  child: ChildProcess;
  out(): string;
  err(): string;
  ended: Promise<number | null>;
}

/** Runs a command in a clone as its user, with nothing configured but the port. */
function run(command: string, args: string[], { folder, dataDir, user, port, home, env = {} }: Clone): Run {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const needed = dataDir === join(folder, '.solum') ? {} : { SOLUM_DATA_DIR: dataDir };
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: path, HOME: home, PORT: String(port), ...needed, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  ended.finally(() => running.delete(child)).catch(() => {});
  return { child, out: () => out, err: () => err, ended };
}

async function until(holds: () => boolean | Promise<boolean>, what: string, { out, err }: Run): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}\n${out()}\n${err().slice(-3000)}`);
    await sleep(50);
  }
}

function answers(port: number, one: Run): Promise<void> {
  const asked = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  return until(asked, 'the server answers', one);
}

async function readyOf(one: Run): Promise<Ready> {
  await until(() => one.out().includes('\n') || one.child.exitCode !== null, 'it is ready', one);
  const [line = ''] = one.out().split('\n');
  if (!line.startsWith('{"url"')) throw new Error(`not ready: ${one.out()} ${one.err().slice(-3000)}`);
  return JSON.parse(line) as Ready;
}

/** Where the database of a data directory is; as root it may be in a folder of the system. */
function dataOf(dataDir: string): string {
  const { data } = JSON.parse(readFileSync(join(dataDir, 'embedded/cluster.json'), 'utf8')) as { data: string };
  return isAbsolute(data) ? data : join(dataDir, data);
}

function serverPid(dataDir: string): number {
  const path = join(dataOf(dataDir), 'postmaster.pid');
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n')[0]) : 0;
}

async function isAlive(pid: number): Promise<boolean> {
  return pid !== 0 && (await startOf(pid)) !== undefined;
}

function nobody(): User {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
