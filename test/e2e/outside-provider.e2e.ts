import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerraClient } from 'terra-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../harness/free-port.ts';
import { type Receiver, startReceiver } from '../harness/receiver.ts';
import { launchChromium, newVisitor, PHONE, troubles } from './chromium.ts';
import { API_KEY, DEV_ID, type Keys, type RunningSolum, runSolum, startSolum, usersOf } from './running-solum.ts';

/** A provider as somebody else would write it, with types of its own and without a single import. */
const MANIFEST = `
interface Answer { status: number; json?: { access_token?: string; refresh_token?: string; error?: string; id?: number } }
interface Day { date: string; steps: number }

const api: string = 'https://api.acme.example';

export default {
  id: 'ACME',
  name: 'Acme Band',
  domains: ['acme.example'],
  capabilities: ['poll'],
  hosts: { account: 'https://account.acme.example', api },
  credentials: [
    { name: 'client_id', label: 'Client id' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [{ name: 'days', required: true, dataTypes: ['daily'] }],
    authorize: { url: 'https://account.acme.example/authorize', pkce: 'S256' },
    exchange: { url: api + '/token' },
    refresh: { url: api + '/token' },
    token: ({ json }: Answer) =>
      json?.access_token && { accessToken: json.access_token, refreshToken: json.refresh_token, expiresIn: 3600 },
    afterToken: [{ name: 'me', request: () => ({ url: api + '/me' }) }],
    account: ({ results }: { results: Record<string, Answer> }) => ({ providerUserId: String(results.me!.json!.id) }),
    refreshSkew: 300,
    isDead: ({ status, json }: Answer) => status === 400 && json?.error === 'invalid_grant',
  },
  resources: {
    days: {
      kind: 'snapshot',
      scope: 'days',
      requests: () => [{ url: api + '/days' }],
      records: (body: { days: Day[] }) => body.days,
      identity: (day: Day) => day.date,
      day: (day: Day) => day.date,
      window: { maxDays: 30, filterOn: 'start', overlapDays: 1 },
    },
  },
  dataTypes: {
    daily: {
      anchor: ['days'],
      joins: [],
      group: (day: Day) => day.date,
      map: ({ days }: { days: Day[] }) =>
        days.map(({ date, steps }) => ({ key: date, day: date, body: { distance_data: { steps } } })),
    },
  },
  limits: [],
};
`;

const SANDBOX = `
type Fields = Record<string, string>;

export default {
  id: 'ACME',
  hosts: ['https://account.acme.example', 'https://api.acme.example'],
  async handle({ url, query, form, headers }: { url: URL; query: Fields; form: Fields; headers: Fields }, farm: any) {
    if (url.pathname === '/authorize') {
      const read = await farm.oauth.authorize(query, ' ');
      if ('refused' in read) return { status: 400, text: read.refused };
      return { consent: { ...read.consent, extra: { challenge: query.code_challenge } } };
    }
    if (url.pathname === '/token') {
      if (!(await farm.oauth.client(form.client_id, form.client_secret))) return { status: 401, json: { error: 'invalid_client' } };
      const by = { clientId: form.client_id, redirectUri: form.redirect_uri, codeVerifier: form.code_verifier };
      const grant = await farm.oauth.redeemCode(form.code, by);
      if (!grant) return { status: 400, json: { error: 'invalid_grant' } };
      const tokens = await farm.oauth.issueTokens(grant, { accessSeconds: 3600, rotation: 'kept' });
      return { status: 200, json: { access_token: tokens.accessToken, refresh_token: tokens.refreshToken } };
    }
    const grant = await farm.oauth.access((headers.authorization ?? '').replace('Bearer ', ''));
    if (!grant) return { status: 401, json: { error: 'unauthorised' } };
    return { status: 200, json: { id: 700 + farm.people.findIndex(({ key }: { key: string }) => key === grant.person) } };
  },
  async decide(consent: object, decision: { allowed: boolean }, farm: any) {
    return decision.allowed ? { code: await farm.oauth.issueCode(consent, decision, 60) } : { error: 'access_denied' };
  },
};
`;

let area: string;
let folder: string;
beforeAll(() => {
  area = mkdtempSync(join(tmpdir(), 'solum-outside-'));
  chmodSync(area, 0o755);
  folder = join(area, 'providers');
  mkdirSync(join(folder, 'acme'), { recursive: true });
  writeFileSync(join(folder, 'acme/manifest.ts'), MANIFEST);
  writeFileSync(join(folder, 'acme/sandbox.ts'), SANDBOX);
});
afterAll(() => rmSync(area, { recursive: true, force: true }));

describe('a provider in a folder outside the repository', () => {
  let receiver: Receiver;
  let solum: RunningSolum;
  let keys: Keys;
  let userId: string;
  const client = () => new TerraClient({ baseUrl: `${solum.url}/v2`, devId: DEV_ID, apiKey: API_KEY });

  beforeAll(async () => {
    receiver = await startReceiver();
    solum = await startSolum({
      dataDir: join(area, 'data'),
      env: { SOLUM_PROVIDERS_DIR: folder, SOLUM_WEBHOOK_URL: receiver.url },
    });
    keys = { url: solum.url, devId: DEV_ID, apiKey: API_KEY };
  });
  afterAll(async () => {
    await solum?.stop();
    await receiver?.close();
  });

  test('stands in the lists of the API', async () => {
    expect((await client().integrations.fetch()).providers).toEqual(['ACME', 'OURA', 'WITHINGS']);
    const row = (await client().integrations.detailedfetch()).providers?.find(({ provider }) => provider === 'ACME');
    expect(row).toMatchObject({ name: 'Acme Band', enabled: true, types: { daily: true, sleep: false } });
    expect((await fetch(row?.icon ?? '')).headers.get('content-type')).toBe('image/svg+xml');
  });

  test('stands in the command line', async () => {
    const list = (await solum.run('provider', 'list')).json as { code: string }[];
    expect(list.find(({ code }) => code === 'ACME')).toMatchObject({ name: 'Acme Band', transport: 'sandbox' });
    const shown = await solum.run('provider', 'show', 'acme');
    expect(shown.code).toBe(0);
    for (const word of ['Acme Band', 'days', 'client_id', 'acme.example']) expect(shown.stdout).toContain(word);
  });

  test('is connected in a browser against its own simulated counterpart', async () => {
    const browser = await launchChromium();
    try {
      const { context, complaints } = await newVisitor(browser, PHONE);
      const page = await context.newPage();
      const session = await client().authentication.generatewidgetsession({ reference_id: 'ada', language: 'en' });
      await page.goto(session.url ?? '');
      await page.getByRole('button', { name: 'Connect Acme Band' }).waitFor();
      expect(await troubles(page)).toEqual([]);
      await page.getByRole('button', { name: 'Connect Acme Band' }).click();
      await page.getByLabel('Yuki Tanabe').check();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('heading', { name: 'Acme Band is connected' }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
    const { json } = await receiver.waitFor(({ json }) => json.type === 'auth', 'auth');
    expect(json.user).toMatchObject({ provider: 'ACME', reference_id: 'ada', scopes: 'days' });
    userId = String(json.user?.user_id);
    expect(await usersOf(keys)).toEqual([userId]);
  });

  test('may be away for a while: its users stay, and can be disconnected', async () => {
    await solum.stop({ keepData: true });
    solum = await startSolum({ dataDir: solum.dataDir, port: Number(new URL(keys.url).port) });
    expect(await usersOf(keys)).toEqual([userId]);
    expect((await client().integrations.fetch()).providers).toEqual(['OURA', 'WITHINGS']);
    expect(await client().authentication.deauthenticateuser({ user_id: userId })).toEqual({ status: 'success' });
    expect(await usersOf(keys)).toEqual([]);
  });
});

test.each([
  ['auth.exchange.url', "exchange: { url: api + '/token' }", "exchange: { url: 'https://elsewhere.example/token' }"],
  ['name', "name: 'Acme Band'", 'name: 42'],
  ['dataTypes.daily.anchor[0]', "anchor: ['days']", "anchor: ['nights']"],
])('a manifest that is wrong in %s stops the start, with folder and field', async (field, right, wrong) => {
  const broken = mkdtempSync(join(area, 'broken-'));
  cpSync(folder, broken, { recursive: true });
  const path = join(broken, 'acme/manifest.ts');
  writeFileSync(path, readFileSync(path, 'utf8').replace(right, wrong));
  const env = { ...process.env, PORT: String(await freePort()), SOLUM_DATA_DIR: join(area, 'none') };
  const { code, stderr } = await runSolum(['start'], { ...env, SOLUM_PROVIDERS_DIR: broken });
  expect(code).toBe(2);
  expect(stderr).toContain(`${broken}/acme: ${field}: `);
});
