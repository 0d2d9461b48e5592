import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { FitEncoder } from 'fit-file-parser/encoder';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enumeration, fitSeconds, u8, u16, u32, u32z } from '../../src/formats/fit/make-fit.fixture.ts';
import { masterKeys } from '../../src/store/master-key.ts';
import { Browser, consentTo } from '../harness/browser.ts';
import { hasPostgres15, type RunningServer, startPostgres15 } from '../harness/debian-server.ts';
import { openPool, until } from '../harness/lane-fixture.ts';
import { findInDatabase, findSecrets, type Secrets } from '../harness/secret-search.ts';
import { storeOn } from '../harness/store.ts';
import { PLANTED_CODE, type PlantedProvider, startPlantedProvider } from './planted-provider.ts';
import { API_KEY, DEV_ID, type RunningSolum, SIGNING_SECRET, startSolum } from './running-solum.ts';

const ON_POSTGRES_15 = 'in PostgreSQL 15 (apt-get install postgresql-15)';
/** Metres of the recording: a value of somebody's health that stands nowhere by chance. */
const DISTANCE = '27182.81';
const EMAIL = 'planted-person@mail.planted.example';

const folder = mkdtempSync(join(tmpdir(), 'solum-planted-'));
/** Not below the other one: the server runs as another user. */
const postgresFolder = mkdtempSync(join(tmpdir(), 'solum-planted-postgres-'));
const secrets = new Map<string, string | Uint8Array>([
  ['API key', API_KEY],
  ['signing secret', SIGNING_SECRET],
  ['client secret', plant('client-secret')],
  ['hook token', plant('hook-token')],
  ['key in a webhook address', plant('webhook-key')],
  ['master key', randomBytes(32)],
]);
const personal = new Map<string, string | Uint8Array>([
  ['e-mail', EMAIL],
  ['distance', DISTANCE],
  ['recording', plantedFit().subarray(0, 48)],
]);

let postgres: RunningServer;
let pool: pg.Pool;
let provider: PlantedProvider;
let receiver: Server;
let solum: RunningSolum;
let commands = '';
let dump = Buffer.alloc(0);

function plant(kind: string): string {
  return `${kind}-${randomBytes(24).toString('base64url')}`;
}

function secret(name: string): string {
  return String(secrets.get(name));
}

/** A short run whose distance is known. */
function plantedFit(): Uint8Array {
  const start = fitSeconds('2026-02-03T07:15:00Z');
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, 4), u16(1, 1), u32z(3, 2_718_281), u32(4, start)]);
  for (const second of [0, 1, 2]) encoder.writeMessage(20, [u32(253, start + second), u8(3, 127 + second)]);
  const totals = [u32(7, 3_000), u32(8, 3_000), u32(9, Number(DISTANCE) * 100), u16(11, 7)];
  encoder.writeMessage(18, [u32(253, start + 3), u32(2, start), enumeration(5, 1), ...totals]);
  return encoder.close();
}

/** A developer's server that repeats whatever it gets, below `/never` as a failure. */
async function startEcho(): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    response.writeHead(request.url?.startsWith('/never') ? 500 : 200);
    response.end(`${JSON.stringify(request.headers)} ${request.url} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

/** Runs a command of the command line and keeps what it logs. */
async function run(...args: string[]): Promise<unknown> {
  const { code, json, stderr } = await solum.run(...args);
  commands += stderr;
  if (code !== 0) throw new Error(`solum ${args.slice(0, 2).join(' ')} ended with ${code}: ${stderr}`);
  return json;
}

function key(): Record<string, string> {
  return { 'dev-id': DEV_ID, 'x-api-key': API_KEY, 'content-type': 'application/json' };
}

async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${solum.url}${path}`, {
    method,
    headers: key(),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** Remembers what a browser saw and was given on its way. */
function remember(name: string, browser: Browser): void {
  for (const address of browser.trail) {
    const { searchParams } = new URL(address);
    for (const parameter of ['state', 'code', 'link']) {
      const value = searchParams.get(parameter);
      if (value) secrets.set(`${parameter} ${secrets.size} of ${name}`, value);
    }
  }
  // A cookie that ties a login to the browser holds a hash, after it sealed credentials.
  for (const value of browser.given) secrets.set(`cookie ${secrets.size} of ${name}`, value);
}

/** A login at the planted provider up to its own page. */
async function reachProvider(name: string): Promise<{ browser: Browser; page: string }> {
  const body = { reference_id: name };
  const { auth_url: authUrl } = await call('POST', `/v2/auth/authenticateUser?resource=${PLANTED_CODE}`, body);
  const browser = new Browser();
  const { url: page } = await browser.open(String(authUrl));
  if (!page.startsWith('https://127.0.0.1')) throw new Error(`not at the provider: ${page}`);
  return { browser, page };
}

async function connect(name: string): Promise<string> {
  const { browser, page } = await reachProvider(name);
  const { url, page: shown } = await browser.open(provider.allow(page, name));
  remember(name, browser);
  const userId = new URL(url).searchParams.get('user_id');
  if (!userId || !shown?.includes(EMAIL)) throw new Error(`${name} is not connected: ${url}`);
  return userId;
}

async function failConnect(name: string, callback: (page: string) => string): Promise<void> {
  const { browser, page } = await reachProvider(name);
  await browser.open(callback(page));
  remember(name, browser);
}

async function failConnects(): Promise<void> {
  await failConnect('denier', (page) => `${provider.allow(page, 'denier')}&error=access_denied`);
  await failConnect('forger', (page) => provider.allow(page, 'forger').replace(/state=.{4}/, 'state=AAAA'));
  await failConnect('repeater', (page) => provider.allow(page, 'repeater').replace(/code=[^&]+/, 'code=never-given'));
  provider.answerNext('/token', { status: 400, error: 'invalid_grant', echo: true });
  await failConnect('echoed', (page) => provider.allow(page, 'echoed'));
  provider.answerNext('/token', { status: 503, error: 'later', echo: true });
  await failConnect('late', (page) => provider.allow(page, 'late'));
  provider.answerNext('/token', { hangUp: true });
  await failConnect('cut-off', (page) => provider.allow(page, 'cut-off'));
  provider.answerNext('/me', { status: 500, error: 'broken', echo: true });
  await failConnect('nameless', (page) => provider.allow(page, 'nameless'));
  const { browser, page } = await reachProvider('elsewhere');
  const elsewhere = new Browser();
  await elsewhere.open(provider.allow(page, 'elsewhere'));
  remember('elsewhere', browser);
  remember('elsewhere', elsewhere);
}

/** Simulated logins through a widget link: one to its end, one left at the provider's page. */
async function visitWidget(): Promise<void> {
  const { url } = await call('POST', '/v2/auth/generateWidgetSession', { reference_id: 'widget' });
  const list = new Browser();
  const { page = '' } = await list.open(String(url));
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  secrets.set('form token', csrf);
  await list.open(`${String(url)}/choose`, {
    method: 'POST',
    body: new URLSearchParams({ csrf, provider: 'WITHINGS' }),
  });
  remember('widget', list);
  for (const [name, isFinished] of [
    ['finished', true],
    ['abandoned', false],
  ] as const) {
    const { auth_url: authUrl } = await call('POST', '/v2/auth/authenticateUser?resource=OURA', { reference_id: name });
    const browser = new Browser();
    if (isFinished) await consentTo(browser, String(authUrl));
    else await browser.open(String(authUrl));
    remember(name, browser);
  }
}

async function enterFirstSteps(): Promise<void> {
  const browser = new Browser();
  await browser.open(solum.link);
  const link = new URL(solum.link).searchParams.get('link') ?? '';
  await browser.open(`${solum.url}/enter`, { method: 'POST', body: new URLSearchParams({ link }) });
  remember('operator', browser);
}

/** Grants end in every way: refreshed, refused for a while, refused for good, revoked, not revoked. */
async function liveOn(): Promise<void> {
  provider.answerNext(
    '/refresh',
    { status: 503, error: 'later', echo: true },
    { status: 401, error: 'invalid_client', echo: true },
    { status: 400, error: 'invalid_grant', echo: true },
  );
  const userIds = [await connect('ann'), await connect('bob'), await connect('cy')];
  const degraded = async () => ((await run('events', 'list', '--type', 'connection_error')) as unknown[]).length;
  await until(() => provider.calls('/refresh') >= 3, 'refreshes');
  await until(async () => (await degraded()) === 1, 'the grant that is gone');
  const renewed = provider.calls('/refresh') + 1;
  userIds.push(await connect('dan'));
  await until(() => provider.calls('/refresh') >= renewed, 'a renewed grant');
  provider.answerNext('/revoke', { status: 503, error: 'later', echo: true });
  for (const userId of userIds) await call('DELETE', `/v2/auth/deauthenticateUser?user_id=${userId}`);
  await connect('erin');
}

async function importRecording(): Promise<void> {
  const file = join(folder, 'run.fit');
  writeFileSync(file, plantedFit());
  const broken = join(folder, 'broken.fit');
  writeFileSync(broken, Buffer.concat([plantedFit().subarray(0, 60), Buffer.from(EMAIL)]));
  const { user_id: userId } = (await run('import', file, '--reference-id', 'runner')) as { user_id: string };
  await solum.run('import', broken, '--reference-id', 'runner').then(({ stderr }) => {
    commands += stderr;
  });
  const read = `/v2/activity?user_id=${userId}&start_date=2026-02-01&end_date=2026-02-10`;
  const stored = async () => JSON.stringify(await call('GET', `${read}&to_webhook=false`));
  await until(async () => (await stored()).includes(DISTANCE), 'the recording').catch(async (cause) => {
    const { rows } = await pool.query('select state, attempts, reason, due_at from raw_records');
    throw new Error(`the recording cannot be read: ${JSON.stringify(rows)}`, { cause });
  });
  await call('GET', read);
}

async function addSecretsBeside(): Promise<void> {
  const store = storeOn({ pool }, masterKeys(Buffer.from(secrets.get('master key') ?? '')));
  const environment = await store.environments.byDevId(DEV_ID);
  const token = await store.providerChoices.hookToken(environment?.id ?? '', PLANTED_CODE, () => secret('hook token'));
  expect(token).toBe(secret('hook token'));
  for (const path of [
    `/hooks/${PLANTED_CODE}/${token}`,
    `/v2/hooks/${PLANTED_CODE.toLowerCase()}/${token}?t=${token}`,
  ]) {
    await fetch(`${solum.url}${path}`, { method: 'POST', body: '{}', headers: { authorization: `Bearer ${token}` } });
  }
  await fetch(`${solum.url}/v2/userInfo?api_key=${API_KEY}`, { headers: { ...key(), 'x-api-key': `${API_KEY}x` } });
}

beforeAll(async () => {
  if (!hasPostgres15()) return;
  postgres = await startPostgres15(postgresFolder);
  pool = openPool(postgres.url, 4);
  provider = await startPlantedProvider(folder, { id: 'client', secret: secret('client secret') }, () => EMAIL);
  const echo = await startEcho();
  receiver = echo.server;
  solum = await startSolum({
    dataDir: join(folder, 'data'),
    env: {
      DATABASE_URL: postgres.url,
      SOLUM_MASTER_KEY: Buffer.from(secrets.get('master key') ?? '').toString('hex'),
      SOLUM_PROVIDERS_DIR: provider.providersDir,
      SOLUM_LOG_LEVEL: 'debug',
      SOLUM_WEBHOOK_URL: `${echo.url}/hook?key=${secret('key in a webhook address')}`,
      NODE_EXTRA_CA_CERTS: provider.certificate,
    },
  });
  secrets.set('database password', new URL(postgres.url).password);
  const made = (await run('destination', 'add', 'webhook', '--url', `${echo.url}/never`)) as { signing_secret: string };
  secrets.set('signing secret of a destination', made.signing_secret);
  const credentials = ['client_id=client', `client_secret=${secret('client secret')}`];
  await run('provider', 'credentials', 'set', PLANTED_CODE, '--set', ...credentials);
  await enterFirstSteps();
  await visitWidget();
  await failConnects();
  await liveOn();
  await importRecording();
  await addSecretsBeside();
  const other = (await run('env', 'create', 'Other')) as { api_key: string; signing_secret: string };
  secrets.set('API key of another environment', other.api_key);
  secrets.set('signing secret of another environment', other.signing_secret);
  await run('destination', 'list', '--env', DEV_ID);
  await run('doctor');
  for (const [name, value] of provider.secrets) secrets.set(name, value);
  await solum.kill('SIGTERM');
  const { stdout } = await promisify(execFile)('pg_dump', ['--dbname', postgres.url], {
    encoding: 'buffer',
    maxBuffer: 1e9,
  });
  dump = stdout;
}, 300_000);

afterAll(async () => {
  await solum?.stop();
  await provider?.close();
  receiver?.closeAllConnections();
  receiver?.close();
  await pool?.end();
  await postgres?.stop();
  for (const made of [folder, postgresFolder]) rmSync(made, { recursive: true, force: true });
});

async function count(text: string): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(`select count(*) as n from ${text}`);
  return Number(rows[0]?.n);
}

describe.skipIf(!hasPostgres15())(ON_POSTGRES_15, () => {
  test('everything that could leave a secret behind has happened', async () => {
    const names = [...secrets.keys()].join('\n');
    for (const kind of ['access', 'refresh', 'code', 'state', 'cookie', 'code verifier']) expect(names).toContain(kind);
    expect(secrets.size).toBeGreaterThan(50);
    expect(await count('attempts where response_text is not null')).toBeGreaterThan(10);
    expect(await count(`deliveries where state = 'delivered'`)).toBeGreaterThan(0);
    expect(await count('pending_revokes')).toBe(1);
    expect(await count('accounts where granted is not null and label is not null')).toBeGreaterThan(1);
    expect(await count('provider_choices where hook_token is not null and credentials is not null')).toBe(1);
    expect(await count(`raw_records where state = 'done'`)).toBeGreaterThan(0);
    expect(await count(`sandbox_items where kind = 'ticket_token'`)).toBeGreaterThan(0);
    expect(solum.log()).toContain('"level":20');
    expect(solum.log().split('\n').length).toBeGreaterThan(100);
  });

  test('the search finds what is there: as it is, packed and packed again', async () => {
    const canaries: Secrets = new Map(['text', 'json', 'bytes', 'list', 'log'].map((name) => [name, plant(name)]));
    const value = (name: string) => String(canaries.get(name));
    const packed = gzipSync(Buffer.from(value('bytes')).toString('base64'));
    await pool.query('create table canary (a text, b jsonb, c bytea, d text[])');
    await pool.query('insert into canary values ($1, $2, $3, $4)', [
      Buffer.from(value('text')).toString('hex'),
      JSON.stringify({ deep: { inside: Buffer.from(gzipSync(value('json'))).toString('base64') } }),
      packed,
      [`x_${Buffer.from(value('list')).toString('base64url')}`],
    ]);
    try {
      const places = (await findInDatabase(pool, canaries)).map(({ place, secret: name }) => `${place} ${name}`);
      expect(places.sort()).toEqual(
        ['a text', 'b json', 'c bytes', 'd list'].map((column) => `public.canary.${column}`),
      );
      const args = ['--dbname', postgres.url, '--table', 'canary'];
      const { stdout } = await promisify(execFile)('pg_dump', args, { encoding: 'buffer' });
      expect(findSecrets(canaries, stdout).sort()).toEqual(['bytes', 'json', 'list', 'text']);
      expect(findSecrets(canaries, Buffer.from(`${solum.log()}{"msg":"${value('log')}"}`))).toEqual(['log']);
    } finally {
      await pool.query('drop table canary');
    }
  });

  test('no secret stands in any column', async () => {
    expect(await findInDatabase(pool, secrets)).toEqual([]);
  });

  test('no secret stands in a dump', () => {
    expect(dump.includes('CREATE TABLE public.accounts')).toBe(true);
    expect(findSecrets(secrets, dump)).toEqual([]);
  });

  test('no secret stands in the logs of the server and the commands', () => {
    expect(findSecrets(secrets, Buffer.from(solum.log()))).toEqual([]);
    expect(findSecrets(secrets, Buffer.from(commands))).toEqual([]);
  });

  test('neither an e-mail address nor a health value stands in the clear in the database or in a log', async () => {
    expect(await findInDatabase(pool, personal)).toEqual([]);
    expect(findSecrets(personal, dump)).toEqual([]);
    expect(findSecrets(personal, Buffer.from(solum.log()))).toEqual([]);
    expect(findSecrets(personal, Buffer.from(commands))).toEqual([]);
  });
});
