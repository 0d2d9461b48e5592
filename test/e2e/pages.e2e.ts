import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import Fastify, { type FastifyInstance } from 'fastify';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { registerFirstSteps } from '../../src/api/first-steps/register.ts';
import { registerWidget } from '../../src/api/widget/register.ts';
import { createResultPages } from '../../src/api/widget/result-pages.tsx';
import {
  createStage,
  environment,
  OPERATOR,
  provider,
  SESSION,
  type Stage,
  session,
} from '../../src/api/widget/services.fixture.ts';
import type { EventRow } from '../../src/services/services.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const USER = '3f2b8a10-6c1d-4b1e-9d7a-1c2d3e4f5a6b';
const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let browser: Browser;
let assetsDir: string;
let elsewhere: Server;
let elsewhereUrl: string;
let stage: Stage;
let app: FastifyInstance;
let origin: string;
let context: BrowserContext;
/** What the browser complained about: blocked by policy, or a script that failed. */
let complaints: string[];

beforeAll(async () => {
  assetsDir = await mkdtemp(join(tmpdir(), 'solum-pages-'));
  const configFile = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url));
  await build({ configFile, logLevel: 'warn', build: { outDir: assetsDir, emptyOutDir: true } });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  elsewhere = createServer((_request, response) => response.end('another site'));
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/authorize?state=1`;
});
afterAll(async () => {
  await browser?.close();
  elsewhere?.close();
  await rm(assetsDir, { recursive: true, force: true });
});

beforeEach(async () => {
  stage = createStage();
  app = Fastify();
  const pageKey = new Uint8Array(32).fill(5);
  const publicUrl = 'http://localhost:3000';
  registerWidget(app, { services: stage.services, publicUrl, pageKey, log: silent });
  registerFirstSteps(app, { services: stage.services, environment: async () => environment, publicUrl, assetsDir });
  const pages = createResultPages({ pageKey, publicUrl });
  app.get('/confirm-example', async (request, reply) => {
    const page = pages.confirm({
      request: { cookie: request.headers.cookie, acceptLanguage: undefined },
      action: '/v2/auth/alfa/oauth2?code=1',
      app: session().app,
      providerName: 'Alfa',
      language: undefined,
    });
    return reply.code(page.status).headers(page.headers).send(page.html);
  });
  app.get('/auth/start/:id', async (_request, reply) => reply.redirect(elsewhereUrl));
  await app.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://localhost:${(app.server.address() as AddressInfo).port}`;
  context = await browser.newContext({ reducedMotion: 'reduce' });
  complaints = [];
});
afterEach(async () => {
  await context.close();
  await app.close();
});

async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  await page.goto(`${origin}${path}`);
  return page;
}

/** No rule of axe broken and nothing wider than the screen, on a phone and a desk, light and dark. */
async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  for (const size of SIZES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      const results: AxeResults = await page.evaluate(
        // biome-ignore lint/suspicious/noExplicitAny: axe is a global of the page that its script made.
        (rules) => (globalThis as any).axe.run({ runOnly: rules }),
        RULES,
      );
      const broken = results.violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html)]);
      expect(broken, `${page.url()} ${colorScheme} ${size.width}`).toEqual([]);
      const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(excess, `${page.url()} is too wide at ${size.width}`).toBeLessThanOrEqual(0);
    }
  }
  expect(complaints).toEqual([]);
}

function offers() {
  return ['Alfa', 'Bravo Ring', 'Charlie', 'Delta', 'Echo', 'Foxtrot', 'Golf', 'Hotel', 'India'].map((name, index) =>
    provider(name.toUpperCase(), name, {
      kind: index === 8 ? 'sdk' : 'oauth',
      connection:
        index > 1
          ? undefined
          : { userId: USER.replace('3f', `${index}f`), state: index ? 'needs_reconnecting' : 'active' },
    }),
  );
}

describe('connect pages', () => {
  const states = {
    open: { providers: offers() },
    'with connections': { providers: offers(), showDisconnect: true },
    expired: { state: 'expired' },
    completed: { state: 'completed', completed: { userId: USER, provider: 'ALFA' } },
    'at the user limit': { state: 'user_limit', providers: offers(), showDisconnect: true },
    'without providers': { providers: [] },
    'in Arabic': { providers: offers(), language: 'ar', app: { name: 'Alfa', color: '#f59e0b', logo: undefined } },
    'in Japanese': { providers: offers(), language: 'ja', app: { name: 'Alfa', color: '#fde047', logo: undefined } },
  } satisfies Record<string, Parameters<typeof session>[0]>;

  test.each(Object.entries(states))('the list %s', async (_name, more) => {
    stage.sessions.set(SESSION, session(more));
    await expectAccessible(await open(`/session/${SESSION}`));
  });

  test.each(['access_denied', 'provider_unavailable', 'odd_code'])('failure %s', async (reason) => {
    const { app: face } = session();
    const result = { app: face, language: undefined, providerName: 'Alfa', accountLabel: 'a@b.example', scopes: ['x'] };
    stage.results.set(SESSION, result);
    await expectAccessible(await open(`/session/${SESSION}/failure?reason=${reason}`));
    await expectAccessible(await open(`/session/${SESSION}/success`));
  });

  test.each(['/session/nope', '/confirm-example', '/', '/?link=one-time-link'])('the page %s', async (path) => {
    await expectAccessible(await open(path));
  });

  test('choosing leads to another site, which the form policy alone would stop', async () => {
    const page = await open(`/session/${SESSION}`);
    await page.getByRole('button', { name: 'Connect Alfa' }).click();
    await page.waitForURL(elsewhereUrl);
    expect(complaints).toEqual([]);
    await page.goBack();
    expect(page.url()).toBe(`${origin}/session/${SESSION}`);
  });

  test('choosing leads into an app by its deep link', async () => {
    stage.onward = { kind: 'redirect', url: 'myapp://done?resource=ALFA' };
    const page = await open(`/session/${SESSION}`);
    const protocol = await context.newCDPSession(page);
    const asked: string[] = [];
    protocol.on('Page.frameRequestedNavigation', (event) => asked.push(event.url));
    await protocol.send('Page.enable');
    await page.getByRole('button', { name: 'Connect Alfa' }).click();
    await expect.poll(() => asked).toContain('myapp://done?resource=ALFA');
    expect(complaints).toEqual([]);
    await expectAccessible(page);
  });

  test('works without script: search, disconnect with its question', async () => {
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: false });
    stage.sessions.set(SESSION, session({ providers: offers(), showDisconnect: true }));
    stage.sessions.get(SESSION)?.providers.push(provider('JULIET', 'Juliet'), provider('KILO', 'Kilo'));
    const page = await open(`/session/${SESSION}`);
    await page.getByRole('searchbox').fill('golf');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=golf/);
    expect(await page.getByRole('button', { name: /^Connect / }).count()).toBe(1);
    await page.getByRole('button', { name: 'Disconnect Alfa' }).click();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByText('Alfa is disconnected.').waitFor();
    expect(stage.disconnected).toEqual([USER.replace('3f', '0f')]);
  });
});

describe('first steps', () => {
  beforeEach(() => context.addCookies([{ name: 'solum_operator', value: OPERATOR, url: origin }]));

  test('empty, then as users and events come by themselves', async () => {
    const page = await open('/');
    await page.getByText('No events yet').waitFor();
    await page.getByText('Nobody yet').waitFor();
    await expectAccessible(page);

    stage.users.push(user());
    stage.events.push(event(1, 'auth'), event(2, 'sleep'));
    await page.getByRole('button', { name: /^sleep/ }).waitFor();
    await page.getByText('2 new events, the newest: sleep').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: /^sleep/ }).click();
    await page.getByText('"duration_seconds"').waitFor();
    await page.getByText('answered 503').waitFor();
    await page.getByRole('button', { name: 'Disconnect ALFA of test-user' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Disconnect', exact: true }).click();
    await page.getByText('Nobody yet').waitFor();
    expect(stage.disconnected).toEqual([USER]);
  });

  test('a key and a webhook secret are shown once and can be copied', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    const page = await open('/');
    await page.getByRole('button', { name: 'Make an API key' }).click();
    await page.getByRole('button', { name: 'Copy API key' }).click();
    await page.getByText('Copied').waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('sk_test_9dQ2mV7xK4pT1sR8');
    expect(await page.getByRole('tabpanel').textContent()).toContain('sk_test_9dQ2mV7xK4pT1sR8');

    await page.getByLabel('Webhook address').fill('https://10.0.0.1/');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('Url points to a private address.').waitFor();
    await page.getByLabel('Webhook address').fill('https://app.example/hook');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('whsec_5c1f0a6b2d9e4a7f').waitFor();
    await expectAccessible(page);
    await page.reload();
    await page.getByText('https://app.example/hook').waitFor();
    expect(await page.getByText(/whsec_|sk_test_/).count()).toBe(0);
  });

  test('connect opens the widget in a new tab', async () => {
    const page = await open('/');
    const tab = context.waitForEvent('page');
    await page.getByRole('button', { name: /^Connect a test user/ }).click();
    const widget = await tab;
    await widget.getByRole('button', { name: 'Connect Alfa' }).waitFor();
    expect(await widget.evaluate('window.opener')).toBeNull();
  });

  test('the code changes with the tab, also by arrow keys', async () => {
    const page = await open('/');
    await page.getByText(environment.devId).first().waitFor();
    await page.getByRole('tab', { name: 'curl' }).press('ArrowRight');
    expect(await page.getByRole('tabpanel').textContent()).toContain("'dev-id': 'solum-testing-k3v9q2'");
    await page.getByRole('tab', { name: 'Node' }).press('ArrowRight');
    expect(await page.getByRole('tabpanel').textContent()).toContain('new TerraClient');
  });

  test('says when the server is away, and when the session is over', async () => {
    const page = await open('/');
    await page.getByText('No events yet').waitFor();
    await context.setOffline(true);
    await page.getByText('The server does not answer').waitFor();
    await expectAccessible(page);
    await context.setOffline(false);
    await context.clearCookies();
    await page.getByText('You are signed out.').waitFor();
  });

  test('the one-time link signs in by its button', async () => {
    await context.clearCookies();
    const page = await open('/?link=one-time-link');
    await page.getByRole('button', { name: 'Open first steps' }).click();
    await page.getByRole('heading', { name: 'First steps' }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
    expect(complaints).toEqual([]);
  });
});

function user(): Stage['users'][number] {
  return {
    user_id: USER,
    provider: 'ALFA',
    created_at: '2026-11-21T03:00:00.000000+00:00',
    last_webhook_update: null,
    scopes: 'sleep',
    reference_id: 'test-user',
    active: true,
  };
}

function event(number: number, type: 'auth' | 'sleep'): EventRow {
  const id = `01930000-0000-7000-8000-00000000000${number}`;
  const at = new Date('2026-11-21T03:00:00Z');
  stage.bodies.set(id, JSON.stringify({ type, data: [{ duration_seconds: 27_000, note: 'quoted "text"' }] }));
  const delivery = {
    environmentId: environment.id,
    id: id.replace('7000', '7001'),
    eventId: id,
    destinationId: USER,
    traceId: USER,
    state: 'delivered' as const,
    attempts: 2,
    dueAt: at,
    createdAt: at,
    deliveredAt: at,
    lastReason: undefined,
  };
  const tried = { deliveryId: delivery.id, at, responseText: 'ok', durationMs: 40 };
  return {
    environmentId: environment.id,
    id,
    type,
    isData: type === 'sleep',
    connectionId: USER,
    reference: id,
    createdAt: at,
    orderingTimestamp: undefined,
    bytes: 64,
    deliveries: [
      {
        ...delivery,
        tries: [
          { ...tried, number: 1, outcome: 'retry', status: 503, reason: 'answered 503' },
          { ...tried, number: 2, outcome: 'delivered', status: 200, reason: undefined },
        ],
      },
    ],
  };
}
