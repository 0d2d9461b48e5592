import { expect, test } from 'vitest';
import { Problem } from '../core/problem.ts';
import { hmac } from '../lib/hash.ts';
import { testApp } from './server.fixture.ts';
import { fixtureServices, USER_ID } from './services.fixture.ts';

const REFERENCE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('an error is one body that clients of both generations can read', async () => {
  const { app, key } = testApp();
  const url = '/api/v2/userInfo?user_id=11111111-1111-4111-8111-111111111111';
  const answer = await app.inject({ url, headers: key });
  expect(answer.statusCode).toBe(404);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.json()).toEqual({
    type: 'about:blank',
    title: 'not found',
    instance: url,
    detail: 'user not found',
    status: 'error',
    message: 'user not found',
  });
});

test('every answer carries its own reference', async () => {
  const { app, key } = testApp();
  const answers = await Promise.all(
    ['/v2/subscriptions', '/v2/subscriptions', '/nowhere', '/health', '/v2/%zz'].map((url) =>
      app.inject({ url, headers: key }),
    ),
  );
  const references = answers.map((answer) => String(answer.headers['terra-reference']));
  for (const reference of references) expect(reference).toMatch(REFERENCE);
  expect(new Set(references).size).toBe(references.length);
});

test('missing credentials and wrong ones are told apart, wrong ones are not', async () => {
  const { app, key } = testApp();
  const ask = async (headers: Record<string, string | undefined>) =>
    (await app.inject({ url: '/v2/subscriptions', headers })).json();
  expect((await ask({})).detail).toBe('dev-id or x-api-key headers are missing');
  expect((await ask({ 'dev-id': key['dev-id']! })).detail).toBe('dev-id or x-api-key headers are missing');
  for (const wrong of [
    { 'x-api-key': 'other' },
    { 'dev-id': 'other' },
    { 'dev-id': 'a b' },
    { 'x-api-key': 'k'.repeat(900) },
  ]) {
    expect((await ask({ ...key, ...wrong })).detail).toBe('invalid dev-id or x-api-key');
  }
});

test('the widget paths answer 403 where the others answer 401', async () => {
  const { app } = testApp();
  const status = async (url: string) => (await app.inject({ method: 'POST', url })).statusCode;
  for (const url of [
    '/api/widget/session',
    '/widget/api/session',
    '/v2/widget/api/session',
    '/api/v2/widget/session',
  ]) {
    expect(await status(url), url).toBe(403);
  }
  for (const url of ['/v2/auth/generateWidgetSession', '/api/v2/auth/generateWidgetSession']) {
    expect(await status(url), url).toBe(401);
  }
});

test('credentials are checked before the body is read', async () => {
  const { app } = testApp();
  const payload = '{ not json';
  const headers = { 'content-type': 'application/json' };
  const answer = await app.inject({ method: 'POST', url: '/v2/bulkUserInfo', headers, payload });
  expect(answer.statusCode).toBe(401);
});

test.each([
  ['malformed JSON', { 'content-type': 'application/json' }, '{"a":', 400, 'the body is not valid JSON'],
  [
    'a poisoned key',
    { 'content-type': 'application/json' },
    '{"__proto__":{"x":1}}',
    400,
    'the body is not valid JSON',
  ],
  ['another media type', { 'content-type': 'text/plain' }, 'x', 415, 'send application/json'],
  ['no media type', {}, 'x', 415, 'send application/json'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', 415, 'send application/json'],
  [
    'a large body',
    { 'content-type': 'application/json' },
    `"${'x'.repeat(70_000)}"`,
    413,
    'the body is larger than this route accepts',
  ],
  ['a list', { 'content-type': 'application/json' }, '[]', 400, 'invalid body'],
  [
    'a wrong member',
    { 'content-type': 'application/json' },
    '{"show_disconnect":"yes"}',
    400,
    'invalid show_disconnect',
  ],
  ['a NUL', { 'content-type': 'application/json' }, '{"reference_id":"a\\u0000"}', 400, 'invalid reference_id'],
  [
    'half a character',
    { 'content-type': 'application/json' },
    '{"reference_id":"\\ud800"}',
    400,
    'invalid reference_id',
  ],
  [
    'an endless name',
    { 'content-type': 'application/json' },
    JSON.stringify({ reference_id: 'r'.repeat(600) }),
    400,
    'invalid reference_id',
  ],
])('a body with %s is refused', async (_name, headers, payload, status, detail) => {
  const { app, key, asked } = testApp();
  const url = '/v2/auth/generateWidgetSession';
  const answer = await app.inject({ method: 'POST', url, headers: { ...key, ...headers }, payload });
  expect([answer.statusCode, answer.json().detail]).toEqual([status, detail]);
  expect(asked.sessions).toEqual([]);
});

test('an unknown path is 404, a known path with another method 405 with the methods that work', async () => {
  const { app, key } = testApp();
  expect((await app.inject({ url: '/v2/nothing/here', headers: key })).statusCode).toBe(404);
  const answer = await app.inject({ method: 'PUT', url: '/v2/userInfo?x=1', headers: key });
  expect(answer.statusCode).toBe(405);
  expect(answer.headers.allow).toBe('GET, HEAD');
  expect(answer.json().title).toBe('method not allowed');
});

test('a HEAD does not use up a callback', async () => {
  const { app, asked } = testApp();
  const answer = await app.inject({ method: 'HEAD', url: '/v2/auth/example/oauth2?code=c&state=s' });
  expect(answer.statusCode).toBe(405);
  expect(asked.callbacks).toEqual([]);
});

test('an unexpected error is logged by name and place, and shown as nothing but 500', async () => {
  const fixture = fixtureServices();
  fixture.services.users.all = async () => {
    throw Object.assign(new Error('duplicate key (email)=(ada@example.org)'), { code: '23505' });
  };
  const { app, key, logged } = testApp({}, fixture);
  const answer = await app.inject({ url: '/v2/subscriptions', headers: key });
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toMatch(/ada|duplicate|at /);
  const line = logged.find((text) => text.startsWith('request failed')) ?? '';
  expect(line).toContain('23505');
  expect(line).toContain('server.test.ts');
  expect(logged.join('\n')).not.toContain('ada');
});

test('a database that is away is 503 with a time to come back', async () => {
  const fixture = fixtureServices();
  fixture.services.users.all = async () => {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  };
  const { app, key } = testApp({ health: async () => false }, fixture);
  for (const url of ['/v2/subscriptions', '/health']) {
    const answer = await app.inject({ url, headers: key });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  }
});

test('headers that a problem names are sent', async () => {
  const fixture = fixtureServices();
  fixture.services.users.all = async () => {
    throw new Problem('provider_rate_limited', { headers: { 'retry-after': '7' } });
  };
  const { app, key } = testApp({}, fixture);
  const answer = await app.inject({ url: '/v2/subscriptions', headers: key });
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '7']);
});

test('on loopback only loopback names and the public name are answered', async () => {
  const { app } = testApp({ publicUrl: 'https://health.example' });
  const status = async (host: string) => (await app.inject({ url: '/health', headers: { host } })).statusCode;
  for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000', 'app.localhost', 'health.example']) {
    expect(await status(host), host).toBe(200);
  }
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'localhost@evil.example']) {
    expect(await status(host), host).toBe(403);
  }
  const open = testApp({ loopback: false });
  expect((await open.app.inject({ url: '/health', headers: { host: 'any.example' } })).statusCode).toBe(200);
});

test('answers are not cached, sniffed or framed; https adds HSTS', async () => {
  const { app } = testApp({ publicUrl: 'https://localhost' });
  const { headers } = await app.inject({ url: '/v2/subscriptions' });
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'strict-transport-security': 'max-age=31536000',
  });
  expect((await testApp().app.inject({ url: '/health' })).headers).not.toHaveProperty('strict-transport-security');
});

test('other origins may read the integrations and nothing else', async () => {
  const { app, key } = testApp();
  const origin = { origin: 'https://shop.example' };
  const read = await app.inject({ url: '/v2/integrations/detailed', headers: origin });
  expect(read.headers['access-control-allow-origin']).toBe('*');
  const asking = await app.inject({ method: 'OPTIONS', url: '/v2/integrations', headers: origin });
  expect([asking.statusCode, asking.headers['access-control-allow-headers']]).toEqual([204, '*']);
  const closed = await app.inject({ url: '/v2/subscriptions', headers: { ...origin, ...key } });
  expect(closed.headers).not.toHaveProperty('access-control-allow-origin');
  expect((await app.inject({ method: 'OPTIONS', url: '/v2/subscriptions', headers: origin })).statusCode).toBe(405);
});

test('answers to authenticated callers are signed with the secrets of their environment', async () => {
  const { app, key } = testApp({ signingSecrets: async (id) => [`secret of ${id}`] });
  const answer = await app.inject({ url: '/v2/subscriptions', headers: key });
  const seconds = Date.parse('2026-07-10T12:00:00Z') / 1000;
  const mac = hmac('sha256', 'secret of environment-of-acme-testing-a1', `${seconds}.${answer.body}`).toString('hex');
  expect(answer.headers['terra-signature']).toBe(`t=${seconds},v1=${mac}`);
  expect((await app.inject({ url: '/v2/integrations', headers: key })).headers).not.toHaveProperty('terra-signature');
});

test('no value of a request reaches the log', async () => {
  const { app, key, logged } = testApp();
  const secret = 's3cr3t-value';
  const urls = [
    `/v2/userInfo?reference_id=${secret}`,
    `/v2/auth/example/oauth2?code=${secret}&state=${secret}`,
    `/auth/start/${secret}`,
    `/hooks/example/${secret}`,
    `/v2/hooks/example/${secret}/more`,
    `/session/${secret}?x=${secret}`,
    `/v2/users/${secret}@example.org/${secret.replaceAll('-', '')}`,
  ];
  for (const url of urls) await app.inject({ url, headers: key });
  expect(logged).toHaveLength(urls.length);
  expect(logged.join('\n')).not.toMatch(/s3cr3t/);
  expect(logged.join('\n')).not.toContain(key['x-api-key']);
});

test('a body that an address with a code caused does not repeat the code', async () => {
  const fixture = fixtureServices();
  fixture.services.connect.callback = async () => {
    throw new Error('boom');
  };
  const { app } = testApp({}, fixture);
  const url = '/v2/auth/example/oauth2?code=s3cr3t&state=s3cr3t';
  const asScript = await app.inject({ url });
  expect([asScript.statusCode, asScript.json().instance]).toEqual([500, '/v2/auth/:provider/oauth2']);
  const asBrowser = await app.inject({ url, headers: { accept: 'text/html' } });
  expect([asBrowser.statusCode, asBrowser.body]).toEqual([500, 'failure internal_error']);
});

test('a user id is matched whatever its case', async () => {
  const { app, key } = testApp();
  const answer = await app.inject({ url: `/v2/userInfo?user_id=${USER_ID.toUpperCase()}`, headers: key });
  expect(answer.statusCode).toBe(200);
});
