import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { sha256 } from '../../lib/hash.ts';
import { registerWidget } from './register.ts';
import { createResultPages } from './result-pages.tsx';
import { createStage, provider, SESSION, type Stage, session } from './services.fixture.ts';
import { KNOWN_REASONS } from './texts/texts.ts';

const pageKey = new Uint8Array(32).fill(3);
const USER = '3f2b8a10-6c1d-4b1e-9d7a-1c2d3e4f5a6b';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const connected = () => provider('ALFA', 'Alfa', { connection: { userId: USER, state: 'active' } });

let stage: Stage;
let app: FastifyInstance;

beforeEach(() => {
  stage = createStage();
  app = Fastify();
  registerWidget(app, { services: stage.services, publicUrl: 'https://solum.example', pageKey, log: silent });
});
afterEach(() => app.close());

function show(more: Parameters<typeof session>[0]): void {
  stage.sessions.set(SESSION, session(more));
}

async function get(path: string, headers: Record<string, string> = {}) {
  return app.inject({ url: path, headers });
}

/** Opens the list as a browser does: its cookie and the token of its forms. */
async function openList() {
  const answer = await get(`/session/${SESSION}`);
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? '' };
}

async function post(path: string, fields: Record<string, string>, cookie?: string) {
  return app.inject({
    method: 'POST',
    url: path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...(cookie && { cookie }) },
    payload: new URLSearchParams(fields).toString(),
  });
}

describe('GET /session/:id', () => {
  test('lists every provider as a form of its own, simulated ones marked', async () => {
    const answer = await get(`/session/${SESSION}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.body.match(/action="\/session\/[\w-]+\/choose"/g)).toHaveLength(2);
    expect(answer.body).toContain('value="ALFA"');
    expect(answer.body.match(/>Simulated</g)).toHaveLength(1);
    expect(answer.body).not.toContain('type="search"');
    expect(stage.chosen).toEqual([]);
  });

  test('carries the headers of a page that nothing may frame, cache or script', async () => {
    const { headers, body } = await get(`/session/${SESSION}`);
    const style = /<style>(.*)<\/style>/s.exec(body)?.[1] ?? '';
    const hash = sha256(style).toString('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self' data: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
    });
    expect(body).not.toMatch(/<script| style="| on\w+="/);
  });

  test('names and logos are text, not markup', async () => {
    show({ app: { name: '<img src=x>', color: '"};*{', logo: 'javascript:alert(1)' } });
    const { body } = await get(`/session/${SESSION}`);
    expect(body).not.toContain('<img');
    expect(body).toContain('&lt;img src=x>');
  });

  test('goes straight on when the link is for one provider', async () => {
    show({ single: { flowId: '5d0c8c57-9a0e-4a86-8c53-0d3c3f3b2c11' } });
    const answer = await get(`/session/${SESSION}`);
    expect(answer.statusCode).toBe(302);
    expect(answer.headers.location).toBe('/auth/start/5d0c8c57-9a0e-4a86-8c53-0d3c3f3b2c11');
  });

  test('searches without script once there are more than eight providers', async () => {
    show({
      providers: ['Alfa', 'Bravo', 'Chárlie One', 'D', 'E', 'F', 'G', 'H', 'I'].map((name) => provider(name, name)),
    });
    expect((await get(`/session/${SESSION}`)).body).toContain('type="search"');
    const found = (await get(`/session/${SESSION}?q=charlieone`)).body;
    expect(found).toContain('Connect Chárlie One');
    expect(found).not.toContain('Connect Alfa');
    expect((await get(`/session/${SESSION}?q=zz%22%3E`)).body).toContain('No source matches “zz&quot;>”');
  });

  test('an expired link explains itself, or goes where the app wants', async () => {
    show({ state: 'expired' });
    const explained = await get(`/session/${SESSION}`);
    expect(explained.statusCode).toBe(410);
    expect(explained.body).toContain('This link has expired');
    show({ state: 'expired', failureRedirect: 'myapp://failed?reason=session_expired' });
    const sent = await get(`/session/${SESSION}`);
    expect([sent.statusCode, sent.headers.location]).toEqual([302, 'myapp://failed?reason=session_expired']);
    show({ state: 'expired', failureRedirect: 'javascript:alert(1)' });
    expect((await get(`/session/${SESSION}`)).statusCode).toBe(410);
  });

  test('after success it shows what is connected', async () => {
    show({ state: 'completed', completed: { userId: USER, provider: 'ALFA' } });
    expect((await get(`/session/${SESSION}`)).body).toContain('Alfa is connected');
  });

  test('at the user limit nothing can be chosen, and what is connected can still go', async () => {
    show({ state: 'user_limit', showDisconnect: true, providers: [connected(), provider('BRAVO', 'Bravo')] });
    const { body } = await get(`/session/${SESSION}`);
    expect(body).toContain('reached the number of people');
    expect(body).not.toContain('/choose');
    expect(body).toContain('/disconnect');
  });

  test.each(['/session/nope', '/session/0b9c2f1e-4b7a-4f38-9a55-6a6d0f6f1aff'])('%s is not found', async (path) => {
    const answer = await get(path);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('This link does not work');
  });

  test('speaks the language of the session before that of the browser', async () => {
    show({ language: 'ar' });
    const answer = await get(`/session/${SESSION}`, { 'accept-language': 'de' });
    expect(answer.body).toContain('<html lang="ar" dir="rtl">');
    expect(answer.headers['content-language']).toBe('ar');
    show({});
    expect((await get(`/session/${SESSION}`, { 'accept-language': 'de' })).body).toContain(
      '<html lang="de" dir="ltr">',
    );
  });

  test('an error on our side becomes a page', async () => {
    stage.services.connect.view = async () => {
      throw new Error('database');
    };
    const answer = await get(`/session/${SESSION}`);
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toContain('went wrong on our side');
    expect(answer.body).not.toContain('database');
  });
});

describe('POST /session/:id/choose', () => {
  test('goes on by a page, because form-action also holds for the redirects of a form', async () => {
    const { cookie, csrf } = await openList();
    const answer = await post(`/session/${SESSION}/choose`, { csrf, provider: 'ALFA' }, cookie);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('content="0;url=/auth/start/5d0c8c57-9a0e-4a86-8c53-0d3c3f3b2c11"');
    expect(stage.chosen).toEqual([{ session: SESSION, provider: 'ALFA' }]);
  });

  test.each(['no token', 'a foreign token', 'no cookie'])('refuses a form with %s', async (what) => {
    const { cookie, csrf } = await openList();
    const token: Record<string, string> =
      what === 'no token' ? {} : { csrf: what === 'a foreign token' ? (await openList()).csrf : csrf };
    const sent = what === 'no cookie' ? undefined : cookie;
    const answer = await post(`/session/${SESSION}/choose`, { ...token, provider: 'ALFA' }, sent);
    expect(answer.statusCode).toBe(403);
    expect(stage.chosen).toEqual([]);
  });

  test('a provider that is not on offer changes nothing', async () => {
    const { cookie, csrf } = await openList();
    const answer = await post(`/session/${SESSION}/choose`, { csrf, provider: 'NOBODY' }, cookie);
    expect(answer.body).toContain('Connect your data to Morning Run');
    expect(stage.chosen).toEqual([]);
  });

  test('a deep link into the app is offered as a link too, a script address never', async () => {
    const { cookie, csrf } = await openList();
    stage.onward = { kind: 'redirect', url: 'myapp://ok?user_id=null&resource=ALFA' };
    const answer = await post(`/session/${SESSION}/choose`, { csrf, provider: 'ALFA' }, cookie);
    expect(answer.body).toContain('href="myapp://ok?user_id=null&amp;resource=ALFA"');
    stage.onward = { kind: 'redirect', url: 'javascript:alert(1)' };
    const refused = await post(`/session/${SESSION}/choose`, { csrf, provider: 'ALFA' }, cookie);
    expect(refused.statusCode).toBe(500);
    expect(refused.body).not.toContain('javascript:');
  });

  test.each([
    [new Problem('user_limit'), 'reached the number of people'],
    [new Problem('session_expired'), 'This link has expired'],
    [new Problem('credentials_missing'), 'not reachable'],
  ])('a refusal is explained (%#)', async (problem, text) => {
    const { cookie, csrf } = await openList();
    stage.onward = problem;
    expect((await post(`/session/${SESSION}/choose`, { csrf, provider: 'ALFA' }, cookie)).body).toContain(text);
  });

  test('takes forms only', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: `/session/${SESSION}/choose`,
      payload: { provider: 'ALFA' },
    });
    expect(answer.statusCode).toBe(415);
    expect(stage.chosen).toEqual([]);
  });
});

describe('disconnecting', () => {
  beforeEach(() => show({ showDisconnect: true, providers: [connected(), provider('BRAVO', 'Bravo')] }));

  test('connected sources stand apart', async () => {
    const { body } = await get(`/session/${SESSION}`);
    expect(body.match(/\/choose"/g)).toHaveLength(1);
    expect(body).toContain(`name="user_id" value="${USER}"`);
    show({ providers: [connected()] });
    expect((await get(`/session/${SESSION}`)).body).not.toContain('/disconnect');
  });

  test('asks first, then does it and says so', async () => {
    const { cookie, csrf } = await openList();
    const path = `/session/${SESSION}/disconnect`;
    const asked = await post(path, { csrf, user_id: USER }, cookie);
    expect(asked.body).toContain('Disconnect Alfa?');
    expect(stage.disconnected).toEqual([]);
    const done = await post(path, { csrf, user_id: USER, confirm: 'yes' }, cookie);
    expect([done.statusCode, done.headers.location]).toEqual([303, `/session/${SESSION}?disconnected=ALFA`]);
    expect(stage.disconnected).toEqual([USER]);
    expect((await get(String(done.headers.location))).body).toContain('Alfa is disconnected.');
  });

  test('refuses a form without its token and a connection that is not the session’s', async () => {
    const { cookie, csrf } = await openList();
    const path = `/session/${SESSION}/disconnect`;
    expect((await post(path, { user_id: USER, confirm: 'yes' }, cookie)).statusCode).toBe(403);
    await post(path, { csrf, user_id: 'other', confirm: 'yes' }, cookie);
    show({ showDisconnect: false, providers: [connected()] });
    await post(path, { csrf, user_id: USER, confirm: 'yes' }, cookie);
    expect(stage.disconnected).toEqual([]);
  });
});

describe('result pages', () => {
  const result = {
    app: session().app,
    language: undefined,
    providerName: 'Alfa',
    accountLabel: 'mara@example.com',
    scopes: ['sleep'],
  };

  test('success names the account and what is shared', async () => {
    stage.results.set(SESSION, result);
    const { body } = await get(`/session/${SESSION}/success`);
    for (const text of ['Alfa is connected', 'mara@example.com', '>sleep<', 'go back to Morning Run']) {
      expect(body).toContain(text);
    }
  });

  test('what never happened is not shown as a success', async () => {
    expect((await get(`/session/${SESSION}/success`)).statusCode).toBe(404);
  });

  test.each(KNOWN_REASONS)('failure explains %s and what to do', async (reason) => {
    stage.results.set(SESSION, result);
    const { body } = await get(`/session/${SESSION}/failure?reason=${reason}`);
    expect(body).toContain('class="next"');
    expect(body).not.toContain('gave only a code');
    expect(body).toContain(`href="/session/${SESSION}"`);
  });

  test('a reason of the provider is shown as its code, markup is not', async () => {
    stage.results.set(SESSION, result);
    expect((await get(`/session/${SESSION}/failure?reason=consent_required`)).body).toContain('consent_required');
    expect((await get(`/session/${SESSION}/failure?reason=%3Cb%3E`)).body).not.toContain('&lt;b>');
  });

  test('the confirm page’s form holds only in the browser that saw it', () => {
    const pages = createResultPages({ pageKey, publicUrl: 'http://localhost:3000' });
    const request = { cookie: undefined, acceptLanguage: undefined };
    const page = pages.confirm({
      request,
      action: '/v2/auth/alfa/oauth2?code=a&state="b',
      app: session().app,
      providerName: 'Alfa',
      language: undefined,
    });
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1];
    const cookie = String(page.headers['set-cookie']).split(';')[0];
    expect(page.html).toContain('action="/v2/auth/alfa/oauth2?code=a&amp;state=&quot;b"');
    expect(pages.isConfirmed({ request: { ...request, cookie }, csrf })).toBe(true);
    expect(pages.isConfirmed({ request, csrf })).toBe(false);
    expect(pages.isConfirmed({ request: { ...request, cookie }, csrf: undefined })).toBe(false);
  });

  test('a failure without a session speaks for itself', () => {
    const pages = createResultPages({ pageKey, publicUrl: 'http://localhost:3000' });
    const page = pages.failure({
      request: { cookie: undefined, acceptLanguage: 'es' },
      reason: 'invalid_state',
    });
    expect(page.status).toBe(400);
    expect(page.html).toContain('<html lang="es"');
    expect(page.headers['strict-transport-security']).toBeUndefined();
  });
});
