import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Browser, consentTo } from '../harness/browser.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';

let solum: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  solum = await startTestServer();
});
beforeEach(async () => {
  tenant = await solum.tenant('Besieged');
});
afterAll(() => solum?.close());

async function newLogin(provider: string, body: Record<string, unknown> = {}): Promise<string> {
  const answer = await fetch(`${solum.url}/v2/auth/authenticateUser?resource=${provider}`, {
    method: 'POST',
    headers: { ...tenant.key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { auth_url: url } = (await answer.json()) as { auth_url: string };
  return url;
}

/** A browser that stands before the callback of a login it has allowed. */
async function atCallback(provider = 'OURA', body = {}): Promise<{ browser: Browser; callback: string }> {
  const browser = new Browser();
  browser.stopsAt = /^\/v2\/auth\//;
  const callback = await consentTo(browser, await newLogin(provider, body));
  browser.stopsAt = undefined;
  expect(new URL(callback).pathname).toBe(`/v2/auth/${provider.toLowerCase()}/oauth2`);
  return { browser, callback };
}

async function users(): Promise<number> {
  const answer = await fetch(`${solum.url}/v2/subscriptions`, { headers: tenant.key });
  return ((await answer.json()) as { users: unknown[] }).users.length;
}

async function eventTypes(): Promise<string[]> {
  const events = await solum.app.services.events.list(tenant.environment, {});
  return events.map(({ type }) => type).reverse();
}

function confirmation(page = ''): { action: string; csrf: string } {
  const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? '';
  return { action: action.replaceAll('&amp;', '&'), csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' };
}

async function confirm(browser: Browser, action: string, csrf: string) {
  return browser.open(`${solum.url}${action}`, { method: 'POST', body: new URLSearchParams({ csrf }) });
}

describe('a callback', () => {
  test('in a browser that did not start the login connects nothing until the person confirms', async () => {
    const { callback } = await atCallback();
    const stranger = new Browser();
    const { page } = await stranger.open(callback);
    expect(await users()).toBe(0);
    const { action, csrf } = confirmation(page);
    expect(csrf).not.toBe('');
    await confirm(stranger, action, csrf);
    expect(await users()).toBe(1);
    expect(await eventTypes()).toEqual(['auth']);
  });

  test('is not confirmed by a form of another browser, or by none', async () => {
    const { callback } = await atCallback();
    const [victim, attacker] = [new Browser(), new Browser()];
    const { action } = confirmation((await victim.open(callback)).page);
    const { csrf: foreign } = confirmation((await attacker.open(callback)).page);
    const bare = await fetch(`${solum.url}${action}`, { method: 'POST', body: new URLSearchParams({ csrf: foreign }) });
    expect(bare.status).toBe(403);
    for (const csrf of [foreign, '', 'guess']) await confirm(victim, action, csrf);
    expect(await users()).toBe(0);
    expect(await eventTypes()).toEqual([]);
  });

  test('of somebody else’s login is not taken for one’s own', async () => {
    const mine = await atCallback();
    const theirs = await atCallback();
    const { page } = await mine.browser.open(theirs.callback);
    expect(confirmation(page).csrf).not.toBe('');
    expect(await users()).toBe(0);
    await mine.browser.open(mine.callback);
    expect(await users()).toBe(1);
  });

  test('counts once, whoever repeats it', async () => {
    const { browser, callback } = await atCallback();
    await browser.open(callback);
    const ends = await Promise.all([browser.open(callback), new Browser().open(callback)]);
    for (const { url } of ends) expect(new URL(url).searchParams.get('reason')).toBe('invalid_state');
    expect(await users()).toBe(1);
    expect(await eventTypes()).toEqual(['auth']);
  });

  test.each([
    ['of another provider', (url: string) => url.replace('/oura/', '/withings/')],
    ['of no provider', (url: string) => url.replace('/oura/', '/nobody/')],
    ['with a changed state', (url: string) => url.replace(/state=(.)/, (_, c) => `state=${c === 'A' ? 'B' : 'A'}`)],
    ['without a state', (url: string) => url.replace(/[?&]state=[^&]*/, '')],
    ['with two states', (url: string) => `${url}&state=x`],
    ['with a code as long as a book', (url: string) => url.replace(/code=/, `code=${'c'.repeat(8_193)}`)],
    ['with a zero byte', (url: string) => `${url}&x=%00`],
  ])('%s spoils nothing: the right one still works', async (_what, change) => {
    const { browser, callback } = await atCallback();
    const answer = await fetch(change(callback), { redirect: 'manual', headers: { accept: 'text/html' } });
    expect(answer.status).toBe(400);
    await new Browser().open(change(callback));
    await browser.open(change(callback));
    expect(await users()).toBe(0);
    await browser.open(callback);
    expect(await users()).toBe(1);
  });

  test('is not used up by a look at its headers', async () => {
    const { browser, callback } = await atCallback();
    for (const method of ['HEAD', 'OPTIONS', 'PUT']) {
      expect((await fetch(callback, { method, redirect: 'manual' })).status).toBeGreaterThanOrEqual(400);
    }
    await browser.open(callback);
    expect(await users()).toBe(1);
  });
});

describe('starting a login', () => {
  test('ties it to the browser with a cookie for the callback alone', async () => {
    const answer = await fetch(await newLogin('OURA'), { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const [cookie = '', ...others] = answer.headers.getSetCookie();
    expect(others).toEqual([]);
    const [pair = '', ...attributes] = cookie.split('; ');
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=900', 'Path=/v2/auth', 'SameSite=Lax']);
    const state = new URL(answer.headers.get('location') ?? '').searchParams.get('state') ?? '';
    expect(state.length).toBeGreaterThan(80);
    expect(pair).not.toContain(state);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('of an attempt that nobody made says no more than one that is over', async () => {
    const unknown = await fetch(`${solum.url}/auth/start/${crypto.randomUUID()}`, { redirect: 'manual' });
    const nonsense = await fetch(`${solum.url}/auth/start/..%2f..%2fx`, { redirect: 'manual' });
    expect([unknown.status, nonsense.status]).toEqual([400, 400]);
    expect(await unknown.text()).toBe(await nonsense.text());
  });
});

describe('the way back to the app', () => {
  async function landing(body: Record<string, unknown>): Promise<string> {
    const { browser, callback } = await atCallback('OURA', body);
    return (await browser.open(callback)).url;
  }

  test('may have letters of any language', async () => {
    const url = await landing({ auth_success_redirect_url: 'https://app.example/größe/€?q=日本' });
    expect(decodeURIComponent(url)).toMatch(/^https:\/\/app\.example\/größe\/€\?q=日本&user_id=/);
  });

  test('carries a reference id with line breaks as one value', async () => {
    const reference = 'x\r\nset-cookie: a=b\r\n\r\n<script>&user_id=me#';
    const url = new URL(await landing({ reference_id: reference, auth_success_redirect_url: 'https://app.example/' }));
    expect(url.searchParams.get('reference_id')).toBe(reference);
    expect(url.searchParams.getAll('user_id')).toHaveLength(1);
    expect(url.hash).toBe('');
  });

  test.each([
    'javascript:alert(1)',
    'https://good.example.evil.example/',
    'https://good.example@evil.example/',
    'https://good.example\\@evil.example/',
    'https://good.example/../../evil',
    'HTTPS://EVIL.example',
    'good.example',
    '//good.example/app',
  ])('is not talked into %j by a login or a widget session', async (url) => {
    const { environments } = solum.app.services;
    await environments.set(tenant.environment, ['redirect_allow_list=https://good.example/app']);
    for (const path of ['/v2/auth/authenticateUser?resource=OURA', '/v2/auth/generateWidgetSession']) {
      for (const field of ['auth_success_redirect_url', 'auth_failure_redirect_url']) {
        const answer = await fetch(`${solum.url}${path}`, {
          method: 'POST',
          headers: { ...tenant.key, 'content-type': 'application/json' },
          body: JSON.stringify({ [field]: url }),
        });
        expect([path, field, answer.status]).toEqual([path, field, 400]);
        expect(((await answer.json()) as { detail: string }).detail).toContain(field);
      }
    }
  });
});
