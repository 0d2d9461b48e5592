import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { smallFit } from '../../src/formats/fit/make-fit.fixture.ts';
import { freePort } from '../harness/free-port.ts';
import { type Receiver, startReceiver } from '../harness/receiver.ts';
import {
  API_KEY,
  connectPerson,
  DEV_ID,
  type Keys,
  type RunningSolum,
  runSolum,
  startSolum,
  usersOf,
} from './running-solum.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOBODY = '11111111-1111-4111-8111-111111111111';

let area: string;
let receiver: Receiver;
let solum: RunningSolum;
let keys: Keys;
let userId: string;

beforeAll(async () => {
  area = mkdtempSync(join(tmpdir(), 'solum-commands-'));
  chmodSync(area, 0o755); // or, as root, the databases in it would lie elsewhere and stay behind
  receiver = await startReceiver();
  solum = await startSolum({ env: { SOLUM_WEBHOOK_URL: receiver.url } });
  keys = { url: solum.url, devId: DEV_ID, apiKey: API_KEY };
  userId = await connectPerson(keys, 'OURA', 'ada');
  await receiver.waitFor(({ json }) => json.type === 'auth', 'auth');
});
afterAll(async () => {
  await solum?.stop();
  await receiver?.close();
  rmSync(area, { recursive: true, force: true });
});

/** Runs a command that has to work, and answers its one JSON value. */
async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, json: value, stdout, stderr } = await solum.run(...args);
  expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
  expect(stdout, args.join(' ')).toMatch(/^[^\n]+\n$/);
  expect(value, args.join(' ')).toBeDefined();
  return value as T;
}

describe('commands beside a running server answer one JSON value', () => {
  test('env', async () => {
    const made = await json('env', 'create', 'Second app', '--kind', 'staging');
    expect(made.dev_id).toMatch(/^second-app-staging-/);
    const env = ['--env', String(made.dev_id)];
    expect(Object.keys(made)).toEqual(['dev_id', 'api_key', 'signing_secret']);
    const second = { url: solum.url, devId: String(made.dev_id), apiKey: String(made.api_key) };
    expect(await usersOf(second)).toEqual([]);
    const rotated = await json('env', 'rotate-key', ...env);
    expect(await usersOf({ ...second, apiKey: String(rotated.api_key) })).toEqual([]);
    await expect(usersOf(second)).rejects.toThrow('401');
    expect((await json('env', 'rotate-secret', ...env)).signing_secret).not.toBe(made.signing_secret);
    expect(await json('env', 'set', 'user_limit=7', 'include_samples=false', ...env)).toMatchObject({ user_limit: 7 });
    expect(await json('env', 'show', ...env)).toMatchObject({ kind: 'staging', settings: { user_limit: 7 } });
    const all = await json<{ dev_id: string }[]>('env', 'list');
    expect(all.map(({ dev_id }) => dev_id)).toEqual([DEV_ID, made.dev_id]);
  });

  const env = ['--env', DEV_ID];

  test('provider', async () => {
    const row = async (code: string) =>
      (await json<{ code: string }[]>('provider', 'list', ...env)).find((one) => one.code === code);
    expect(await row('OURA')).toMatchObject({ enabled: true, transport: 'sandbox' });
    expect(JSON.stringify(await json('provider', 'show', 'oura'))).toContain('personal');
    expect(await json('provider', 'disable', 'WITHINGS', ...env)).toEqual({ provider: 'WITHINGS', enabled: false });
    expect(await row('WITHINGS')).toMatchObject({ enabled: false });
    await json('provider', 'enable', 'WITHINGS', ...env);
    expect(await json('provider', 'scopes', 'OURA', ...env, '--set', 'personal,daily')).toMatchObject({
      scopes: ['personal', 'daily'],
    });
    await json('provider', 'scopes', 'OURA', ...env, '--set', '');
    const set = ['--set', 'client_id=my-id', '--set', 'client_secret=hidden-value'];
    const stored = await solum.run('provider', 'credentials', 'set', 'WITHINGS', ...env, ...set);
    expect(stored.json).toEqual({ provider: 'WITHINGS', fields: ['client_id', 'client_secret'] });
    expect(stored.stdout + stored.stderr).not.toContain('hidden-value');
    expect(await row('WITHINGS')).toMatchObject({ transport: 'live' });
  });

  test('destination', async () => {
    const made = await json('destination', 'add', 'webhook', ...env, '--url', `${receiver.url}?second`);
    expect(made).toEqual({ id: expect.stringMatching(UUID), signing_secret: expect.any(String) });
    const id = String(made.id);
    expect(await json('destination', 'test', id, ...env)).toMatchObject({ ok: true, status: 200 });
    const config = join(area, 'config.json');
    writeFileSync(config, JSON.stringify({ url: receiver.url, max_attempts: 3 }));
    expect(await json('destination', 'update', id, ...env, '--config', config, '--events', 'auth')).toMatchObject({
      event_types: ['auth'],
    });
    expect(await json('destination', 'update', id, ...env, '--events', 'all')).toMatchObject({ event_types: null });
    const moved = `${receiver.url}/moved`;
    expect(await json('destination', 'update', id, ...env, '--url', moved)).toMatchObject({ settings: { url: moved } });
    expect(await json('destination', 'update', id, ...env, '--active', 'false')).toMatchObject({ active: false });
    const all = await json<{ id: string; active: boolean }[]>('destination', 'list', ...env);
    expect(all.map(({ active }) => active).sort()).toEqual([false, true]);
    expect(await json('destination', 'remove', id, ...env)).toEqual({ id, removed: true });
  });

  test('destination test says that nobody answers, with exit 1', async () => {
    const { id } = await json('destination', 'add', 'webhook', ...env, '--url', `http://127.0.0.1:${await freePort()}`);
    const tried = await solum.run('destination', 'test', String(id), ...env);
    expect([tried.code, (tried.json as { ok: boolean }).ok]).toEqual([1, false]);
    await json('destination', 'remove', String(id), ...env);
  });

  test('events and deliveries', async () => {
    const [event] = await json<{ id: string; type: string }[]>('events', 'list', ...env, '--user-id', userId);
    expect(event?.type).toBe('auth');
    const before = receiver.received.length;
    expect(await json('events', 'resend', String(event?.id), ...env)).toEqual({ event_id: event?.id, deliveries: 1 });
    await receiver.waitFor((_, index) => index >= before, 'the event once more');
    const list = () => json<unknown[]>('deliveries', 'list', ...env, '--state', 'delivered', '--limit', '10');
    await expect.poll(list, { timeout: 20_000 }).toHaveLength(2);
  });

  test('import, also as a dry run', async () => {
    const file = join(area, 'ride.fit');
    writeFileSync(file, smallFit());
    const held = await json<{ activity: unknown[] }>('import', file, '--dry-run');
    expect(held.activity).toHaveLength(1);
    const done = await json('import', file, ...env, '--reference-id', 'ada');
    expect(done).toMatchObject({ status: 'success', files: [{ name: 'ride.fit', outcome: 'accepted', payloads: 1 }] });
    expect(await usersOf(keys)).toContain(done.user_id);
  });

  test('migrate, doctor and link', async () => {
    expect(await json('migrate')).toEqual({ applied: 0 });
    expect(await json('doctor')).toMatchObject({ ok: true });
    const { url } = await json('link');
    expect(await (await fetch(String(url))).text()).toContain('Open first steps');
  });
});

/** What cannot be used, and the word of the reason that is said on stderr. */
const REFUSED: [string[], RegExp][] = [
  [[], /Usage/],
  [['launch'], /unknown command/],
  [['env', 'create'], /missing required argument/],
  [['env', 'create', ' '], /needs a name/],
  [['env', 'create', 'x', '--kind', 'toy'], /testing, staging, production/],
  [['env', 'show', '--env', 'nobody'], /no environment "nobody"/],
  [['env', 'show', '--colour'], /unknown option/],
  [['env', 'set', 'no_such=1', '--env', DEV_ID], /no_such/],
  [['env', 'set', 'user_limit', '--env', DEV_ID], /=/],
  [['env', 'rotate-secret', '--env', DEV_ID, '--overlap-hours', 'soon'], /overlap/],
  [['provider', 'show', 'NOBODY'], /provider/],
  [['provider', 'scopes', 'OURA', '--env', DEV_ID], /--set/],
  [['provider', 'credentials', 'set', 'OURA', '--env', DEV_ID, '--set', 'client_id'], /name=value/],
  [['provider', 'credentials', 'set', 'OURA', '--env', DEV_ID, '--set', 'colour=red'], /colour/],
  [['destination', 'add', 'pigeon', '--env', DEV_ID], /one of webhook/],
  [['destination', 'add', 'webhook', '--env', DEV_ID], /url/],
  [['destination', 'add', 'webhook', '--env', DEV_ID, '--url', 'http://10.0.0.1/'], /private network/],
  [['destination', 'add', 'webhook', '--env', DEV_ID, '--config', '/no/such.json'], /no\/such\.json/],
  [['destination', 'remove', NOBODY, '--env', DEV_ID], /destination/],
  [['destination', 'test', 'x', '--env', DEV_ID], /destination/],
  [['destination', 'update', NOBODY, '--env', DEV_ID, '--active', 'perhaps'], /true or false/],
  [['events', 'list', '--env', DEV_ID, '--limit', 'many'], /limit/],
  [['events', 'resend', NOBODY, '--env', DEV_ID], /event/],
  [['deliveries', 'list', '--env', DEV_ID, '--state', 'lost'], /state/],
  [['import', '/no/such.fit', '--env', DEV_ID, '--reference-id', 'ada'], /no\/such\.fit/],
  [['import', process.execPath, '--env', DEV_ID], /reference-id/],
  [['start', '--role', 'cook'], /unknown role "cook"/],
];

test.each(REFUSED)('refused with exit 2 and the reason: solum %j', async (args, reason) => {
  const { code, stdout, stderr } = await solum.run(...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(reason) });
  expect(JSON.parse(stdout)).toEqual({ error: expect.any(String) });
});

test('a file that is no recording is refused, and nothing of it is kept', async () => {
  const file = join(area, 'notes.fit');
  writeFileSync(file, 'not a recording');
  const { code, stderr } = await solum.run('import', file, '--env', DEV_ID, '--reference-id', 'ada');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('notes.fit') });
});

test('wrong configuration is refused by name, all at once, without its secrets', async () => {
  const wrong = { PORT: 'http', SOLUM_SANDBOX: 'maybe', DATABASE_URL: 'mysql://root:hidden@db', SOLUM_DATA_DIR: area };
  const { code, stderr } = await runSolum(['env', 'list'], { ...process.env, ...wrong });
  expect(code).toBe(2);
  for (const name of ['PORT', 'SOLUM_SANDBOX', 'DATABASE_URL']) expect(stderr).toContain(name);
  expect(stderr).not.toContain('hidden');
});

describe('production', () => {
  const key = 'ab'.repeat(32);
  const https = 'https://solum.example';
  let env: Record<string, string | undefined>;
  beforeAll(async () => {
    env = { ...process.env, PORT: String(await freePort()), SOLUM_DATA_DIR: join(area, 'production') };
  });

  test('is refused without a master key and an https address, and made with both', async () => {
    const create = (more: Record<string, string>) =>
      runSolum(['env', 'create', 'Live', '--kind', 'production'], { ...env, ...more });
    const without = await create({ PUBLIC_URL: https });
    expect({ code: without.code, stderr: without.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('SOLUM_MASTER_KEY'),
    });
    rmSync(join(area, 'production'), { recursive: true });
    const open = await create({ SOLUM_MASTER_KEY: key });
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('PUBLIC_URL')]);
    const made = await create({ SOLUM_MASTER_KEY: key, PUBLIC_URL: https });
    expect([made.code, made.stderr]).toEqual([0, '']);
  });

  test('is not served without them', async () => {
    const refused = await runSolum(['start'], { ...env, SOLUM_MASTER_KEY: key });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('https PUBLIC_URL')]);
    const more = { SOLUM_MASTER_KEY: key, PUBLIC_URL: https, SOLUM_DATA_DIR: join(area, 'production') };
    const served = await startSolum({ port: Number(env.PORT), dataDir: join(area, 'production'), env: more });
    expect(served.url).toBe(https);
    await served.stop({ keepData: true });
  });
});

test('the master key is rotated while the server goes on serving, and everything stays readable', async () => {
  const hooks = await startReceiver();
  const port = await freePort();
  const env = { SOLUM_WEBHOOK_URL: hooks.url };
  let server = await startSolum({ port, env });
  onTestFinished(async () => {
    await server.stop();
    await hooks.close();
  });
  const own = { url: server.url, devId: DEV_ID, apiKey: API_KEY };
  const before = await connectPerson(own, 'OURA', 'before', 'amara-okafor');
  await hooks.waitFor(({ json }) => json.user?.user_id === before, 'auth before');
  const file = join(server.dataDir, 'master.key');
  const [earlier] = readFileSync(file, 'utf8').trim().split('\n');

  const rotating = server.run('key', 'rotate');
  const during = await connectPerson(own, 'WITHINGS', 'during', 'mateo-quispe');
  const rotated = await rotating;
  expect([rotated.code, rotated.json]).toEqual([0, { rewrapped: expect.any(Number), key_id: expect.any(String) }]);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines).not.toContain(earlier);
  const after = await connectPerson(own, 'OURA', 'after', 'yuki-tanabe');
  await hooks.waitFor(({ json }) => json.user?.user_id === after, 'auth after');

  await server.stop({ keepData: true });
  server = await startSolum({ dataDir: server.dataDir, port, env });
  expect((await usersOf(own)).sort()).toEqual([before, during, after].sort());
  expect((await server.run('doctor')).json).toMatchObject({ ok: true });
  const from = hooks.received.length;
  const events = (await server.run('events', 'list')).json as { id: string }[];
  expect(events).toHaveLength(3);
  for (const { id } of events) expect((await server.run('events', 'resend', id)).code).toBe(0);
  for (const [index] of events.entries()) await hooks.waitFor((_, at) => at === from + index, 'a stored event');
  const resent = hooks.received.slice(from).map(({ json }) => json.user?.user_id);
  expect(resent.sort()).toEqual([before, during, after].sort());
  // Disconnecting opens the grant, to give it back at the provider.
  for (const id of [before, during, after]) {
    const answer = await fetch(`${own.url}/v2/auth/deauthenticateUser?user_id=${id}`, {
      method: 'DELETE',
      headers: { 'dev-id': DEV_ID, 'x-api-key': API_KEY },
    });
    expect(answer.status).toBe(200);
  }
  expect(server.log()).not.toMatch(/"level":(50|60)/);
});
