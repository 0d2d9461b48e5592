import { describe, expect, test } from 'vitest';
import type { SandboxProvider } from '../core/sandbox.ts';
import { sha256 } from '../lib/hash.ts';
import { CLIENT, openFarm, REDIRECT_URI } from './gate.fixture.ts';
import { PEOPLE } from './people.ts';

/** A simulated provider with nothing of its own: it shows what the farm does. */
const acme: SandboxProvider = {
  id: 'ACME',
  hosts: ['https://acme.example.com', 'https://api.acme.example.com'],
  async handle(request, farm) {
    if (request.url.pathname === '/authorize') {
      const read = await farm.oauth.authorize(request.query, ' ');
      return 'consent' in read ? read : { status: 400, json: read };
    }
    if (request.url.pathname === '/rude') {
      return { consent: { clientId: 'c', redirectUri: 'javascript:alert(1)', state: '', scopes: [] } };
    }
    const { method, url, query, form, body } = request;
    return { status: 201, headers: { 'x-own': 'yes' }, json: { method, url: url.href, query, form, body } };
  },
  async decide(consent, decision, farm): Promise<Record<string, string>> {
    if (!decision.allowed) return { error: 'access_denied' };
    return { code: await farm.oauth.issueCode(consent, decision, 60), who: decision.person };
  },
};

function authorizeUrl(changes: Record<string, string> = {}): string {
  const url = new URL('https://acme.example.com/authorize');
  const query = {
    response_type: 'code',
    client_id: CLIENT.client_id,
    redirect_uri: REDIRECT_URI,
    scope: 'read write',
    state: 'state 1&2',
    ...changes,
  };
  url.search = new URLSearchParams(query).toString();
  return url.href;
}

const open = (changes?: Record<string, string>) => {
  const farm = openFarm([acme]);
  return farm.open(authorizeUrl(changes)).then((page) => ({ farm, page }));
};

const target = (answer: { headers: Record<string, string> }) => new URL(answer.headers.location ?? '');

describe('addresses', () => {
  test('a request reaches the counterpart of its host with its real address, form and body', async () => {
    const farm = openFarm([acme]);
    const form = await farm.send(
      'POST',
      '/api.acme.example.com/v1/x?y=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'a=b+c',
    );
    expect(form).toMatchObject({ status: 201, headers: { 'content-type': 'application/json', 'x-own': 'yes' } });
    expect(JSON.parse((form as { body: string }).body)).toEqual({
      method: 'POST',
      url: 'https://api.acme.example.com/v1/x?y=1',
      query: { y: '1' },
      form: { a: 'b c' },
    });
    const json = await farm.send('POST', '/acme.example.com/', { 'content-type': 'application/json' }, '{"n":1}');
    expect(JSON.parse((json as { body: string }).body)).toMatchObject({ body: { n: 1 }, form: {} });
  });

  test.each(['/', '/elsewhere.example.com/authorize', '/..%2f', '/acme.example.com:444/'])(
    'nobody answers at %s',
    async (path) => {
      expect(await openFarm([acme]).send('GET', path)).toMatchObject({ status: 404 });
    },
  );
});

describe('consent', () => {
  test('allowing goes back to the app with a code, its own query and its state', async () => {
    const { farm, page } = await open();
    const answer = await farm.press(page, 'allow', { person: 'tui-parata' });
    expect(answer.status).toBe(303);
    expect(target(answer).origin).toBe('https://app.example.com');
    expect(Object.fromEntries(target(answer).searchParams)).toEqual({
      kept: '1',
      code: expect.stringMatching(/^[\w-]{32,}$/),
      who: 'tui-parata',
      state: 'state 1&2',
    });
  });

  test('the state passes through the page and is kept nowhere', async () => {
    const { farm, page } = await open();
    expect(farm.items.size).toBe(1);
    expect(JSON.stringify([...farm.items])).not.toContain('state 1&2');
    const changed = page.body.replace('state 1&amp;2', 'another state');
    expect(changed).not.toBe(page.body);
    expect((await farm.press({ ...page, body: changed }, 'allow')).status).toBe(410);
    expect(target(await farm.press(page, 'allow')).searchParams.get('state')).toBe('state 1&2');
  });

  test('denying goes back with the error', async () => {
    const { farm, page } = await open();
    const back = target(await farm.press(page, 'deny'));
    expect(back.searchParams.get('error')).toBe('access_denied');
    expect(back.searchParams.get('state')).toBe('state 1&2');
    expect(back.searchParams.has('code')).toBe(false);
  });

  test('only scopes that were asked for can be granted', async () => {
    const { farm, page } = await open();
    const code = target(await farm.press(page, 'allow', { scopes: ['write', 'admin'] })).searchParams.get('code');
    const row = [...farm.items.values()].find(({ kind }) => kind === 'code');
    expect(code).not.toBeNull();
    expect(row?.value.scopes).toEqual(['write']);
  });

  test('a decision counts once', async () => {
    const { farm, page } = await open();
    await farm.press(page, 'allow');
    expect((await farm.press(page, 'allow')).status).toBe(410);
  });

  test('a decision needs the ticket of a page that was shown', async () => {
    const { farm, page } = await open();
    expect((await farm.press(page, 'allow', { ticket: 'ACME.made-up' })).status).toBe(410);
    expect((await farm.press(page, 'allow', { ticket: '' })).status).toBe(410);
  });

  test('a decision posted by another site is refused', async () => {
    const { farm, page } = await open();
    const crossSite = { headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await farm.press(page, 'allow', crossSite)).status).toBe(403);
  });

  test('a page that was left open too long has expired', async () => {
    const { farm, page } = await open();
    farm.advance(901);
    expect((await farm.press(page, 'allow')).status).toBe(410);
  });

  test('somebody has to be chosen, and the page can then be used again', async () => {
    const { farm, page } = await open();
    expect((await farm.press(page, 'allow', { person: 'nobody' })).status).toBe(400);
    expect((await farm.press(page, 'allow')).status).toBe(303);
  });

  test('reading the decision address changes nothing', async () => {
    expect(await openFarm([acme]).send('GET', '/consent')).toMatchObject({ status: 405 });
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'app://back', 'nonsense'])(
    'nobody is sent to %s',
    async (redirect) => {
      const { page } = await open({ redirect_uri: redirect });
      expect(JSON.parse(page.body)).toEqual({ refused: 'redirect_uri' });
    },
  );

  test('the farm itself refuses to go back to anything but a web address', async () => {
    expect(await openFarm([acme]).open('https://acme.example.com/rude')).toMatchObject({ status: 400 });
  });

  test.each([
    ['client_id', { client_id: 'nobody' }],
    ['response_type', { response_type: 'token' }],
  ])('a wrong %s is refused', async (refused, changes) => {
    const { page } = await open(changes);
    expect(JSON.parse(page.body)).toEqual({ refused });
  });

  test('what is secret is stored as its SHA-256 only, and logged nowhere', async () => {
    const { farm, page } = await open();
    const code = target(await farm.press(page, 'allow')).searchParams.get('code') ?? '';
    const row = [...farm.items.values()].find(({ kind }) => kind === 'code');
    expect(row?.key).toBe(sha256(code).toString('hex'));
    expect(JSON.stringify([...farm.items])).not.toContain(code);
    expect(JSON.stringify(farm.logged)).not.toContain(code);
  });
});

describe('consent page', () => {
  test('texts from the request are shown, never run', async () => {
    const { page } = await open({ scope: '"><script>alert(1)</script>' });
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('the page says that it is simulated and asks for no password', async () => {
    const { page } = await open();
    expect(page.body).toMatch(/Simulated provider/);
    expect(page.body).not.toMatch(/type="(password|email|text)"/);
  });

  test('its policy allows its own style, no script, no frame', async () => {
    const { page } = await open();
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.body)?.[1] ?? '';
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toContain(`style-src 'sha256-${sha256(style).toString('base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('script-src');
    expect(page.body).not.toMatch(/\sstyle="|\son\w+="/);
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
  });

  test('it has a language, one heading, a title, and a label for every choice', async () => {
    const { page } = await open();
    expect(page.body).toContain('<html lang="en">');
    expect(page.body).toContain('name="viewport"');
    expect(page.body.match(/<h1>/g)).toHaveLength(1);
    expect(page.body).toMatch(/<title>[^<]+<\/title>/);
    const inputs = page.body.match(/<input type="(radio|checkbox)"/g) ?? [];
    const labelled = page.body.match(/<label><input type="(radio|checkbox)"[^>]*><span>[^<]/g) ?? [];
    expect(inputs).toHaveLength(PEOPLE.length + 2);
    expect(labelled).toHaveLength(inputs.length);
    expect(page.body.match(/<fieldset><legend>[^<]+<\/legend>/g)).toHaveLength(2);
  });

  test('one person is chosen from the start', async () => {
    const { page } = await open();
    expect(page.body.match(/type="radio"[^>]* checked/g)).toHaveLength(1);
  });
});

describe('failure switches', () => {
  const ask = (farm: ReturnType<typeof openFarm>) => farm.send('GET', '/api.acme.example.com/v1');

  test('they are listed, set and cleared', async () => {
    const farm = openFarm([acme]);
    const read = async () => JSON.parse(((await farm.send('GET', '/switches')) as { body: string }).body);
    expect(await read()).toEqual({ switches: { ACME: null } });
    expect((await farm.setSwitch('acme', { kind: 'slow', seconds: 3 })).status).toBe(200);
    expect(await read()).toEqual({ switches: { ACME: { kind: 'slow', seconds: 3 } } });
    await farm.setSwitch('ACME', null);
    expect(await read()).toEqual({ switches: { ACME: null } });
  });

  test('down closes the socket', async () => {
    const farm = openFarm([acme]);
    await farm.setSwitch('ACME', { kind: 'down' });
    expect(await ask(farm)).toEqual({ drop: true });
  });

  test('slow answers after its time', async () => {
    const farm = openFarm([acme]);
    await farm.setSwitch('ACME', { kind: 'slow', seconds: 7 });
    expect(await ask(farm)).toMatchObject({ status: 201 });
    expect(farm.waited).toEqual([7000]);
  });

  test('without wire words of its own a provider answers 429 and 500', async () => {
    const farm = openFarm([acme]);
    await farm.setSwitch('ACME', { kind: 'rate_limited', retryAfter: 30 });
    expect(await ask(farm)).toMatchObject({ status: 429, headers: { 'retry-after': '30' } });
    await farm.setSwitch('ACME', { kind: 'server_error' });
    expect(await ask(farm)).toMatchObject({ status: 500 });
  });

  test.each([
    { kind: 'explode' },
    { kind: 'slow' },
    { kind: 'slow', seconds: -1 },
    { kind: 'slow', seconds: 1e9 },
    { kind: 'rate_limited', retryAfter: '30' },
    { kind: 'drop_token_answer', consumed: 'yes', times: 1 },
    { kind: 'drop_token_answer', consumed: true, times: 0 },
    'down',
  ])('%j is no switch', async (value) => {
    expect((await openFarm([acme]).setSwitch('ACME', value)).status).toBe(400);
  });

  test('an unknown provider has no switch', async () => {
    expect((await openFarm([acme]).setSwitch('OTHER', { kind: 'down' })).status).toBe(404);
  });

  test('a plain form of another site sets nothing', async () => {
    const farm = openFarm([acme]);
    const body = '{"provider":"ACME","switch":{"kind":"down"}}';
    expect(await farm.send('POST', '/switches', { 'content-type': 'text/plain' }, body)).toMatchObject({ status: 415 });
    expect(await ask(farm)).toMatchObject({ status: 201 });
  });

  test('other methods are refused', async () => {
    expect(await openFarm([acme]).send('DELETE', '/switches')).toMatchObject({ status: 405 });
  });

  test('a server that others reach can close them', async () => {
    const farm = openFarm([acme], { switches: false });
    expect(await farm.send('GET', '/switches')).toMatchObject({ status: 404 });
    expect((await farm.setSwitch('ACME', { kind: 'down' })).status).toBe(404);
  });
});

test('the seeded people live in different zones and are told apart by key and name', () => {
  const distinct = (values: string[]) => new Set(values).size;
  expect(distinct(PEOPLE.map(({ key }) => key))).toBe(PEOPLE.length);
  expect(distinct(PEOPLE.map(({ lastName }) => lastName))).toBe(PEOPLE.length);
  expect(distinct(PEOPLE.map(({ zone }) => zone.split('/')[0] ?? ''))).toBeGreaterThanOrEqual(5);
  for (const { zone, email } of PEOPLE) {
    expect(() => new Intl.DateTimeFormat('en', { timeZone: zone })).not.toThrow();
    expect(email).toMatch(/@example\.com$/);
  }
});
