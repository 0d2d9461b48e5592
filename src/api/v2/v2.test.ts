import { expect, test } from 'vitest';
import { testApp } from '../server.fixture.ts';
import { fixtureServices, testEnvironment, USER_ID } from '../services.fixture.ts';

const UNKNOWN = '11111111-1111-4111-8111-111111111111';
const json = { 'content-type': 'application/json' };

function detailOf(answer: { statusCode: number; json(): { detail?: string } }): [number, string | undefined] {
  return [answer.statusCode, answer.json().detail];
}

test('a widget session takes providers as text or list and ignores what it does not know', async () => {
  const { app, key, asked } = testApp();
  const bodies = [
    { providers: ' example, Example' },
    { providers: ['example'] },
    { providers: '' },
    { webhook_url: 'x' },
  ];
  for (const payload of bodies) {
    const answer = await app.inject({ method: 'POST', url: '/v2/auth/generateWidgetSession', headers: key, payload });
    expect(answer.json()).toEqual({
      status: 'success',
      session_id: USER_ID,
      url: `http://localhost/session/${USER_ID}`,
      expires_in: 900,
    });
  }
  expect(asked.sessions.map((session) => session.providers)).toEqual([['EXAMPLE'], ['EXAMPLE'], undefined, undefined]);
});

test('a widget session works without a body, with a media type or without', async () => {
  const { app, key } = testApp();
  for (const headers of [key, { ...key, ...json }]) {
    const answer = await app.inject({ method: 'POST', url: '/api/widget/session', headers });
    expect(answer.statusCode).toBe(200);
  }
});

test('what the app asked for reaches the connect service; null means not given', async () => {
  const { app, key, asked } = testApp();
  const payload = {
    reference_id: 'ada',
    language: 'EN',
    auth_success_redirect_url: 'myapp://done',
    auth_failure_redirect_url: null,
    show_disconnect: true,
    disallowed_providers: 'phone',
  };
  await app.inject({ method: 'POST', url: '/v2/auth/generateWidgetSession', headers: key, payload });
  expect(asked.sessions[0]).toEqual({
    referenceId: 'ada',
    language: 'EN',
    successUrl: 'myapp://done',
    failureUrl: undefined,
    providers: undefined,
    disallowedProviders: ['PHONE'],
    showDisconnect: true,
  });
});

test('authenticateUser finds the provider in the query, else in the body, in any case', async () => {
  const { app, key, asked } = testApp();
  const url = '/v2/auth/authenticateUser';
  const post = (query: string, payload: object) =>
    app.inject({ method: 'POST', url: url + query, headers: key, payload });
  const answer = await post('?resource=example', { provider: 'OTHER', reference_id: 'ada' });
  expect(answer.json()).toEqual({
    status: 'success',
    user_id: USER_ID,
    auth_url: `http://localhost/auth/start/${USER_ID}`,
  });
  await post('', { resource: 'Example' });
  await post('', { provider: 'EXAMPLE' });
  expect(asked.authenticate.map((call) => call.provider)).toEqual(['EXAMPLE', 'EXAMPLE', 'EXAMPLE']);
  expect(detailOf(await post('', {}))).toEqual([400, 'invalid resource']);
  expect(detailOf(await post('?resource=nobody', {}))).toEqual([404, 'provider not found']);
});

test('deauthenticating takes a user id and answers 404 for one nobody has', async () => {
  const { app, key, asked } = testApp();
  const call = (query: string) =>
    app.inject({ method: 'DELETE', url: `/v2/auth/deauthenticateUser${query}`, headers: { ...key, ...json } });
  expect((await call(`?user_id=${USER_ID}`)).json()).toEqual({ status: 'success' });
  expect(asked.disconnected).toEqual([USER_ID]);
  expect(detailOf(await call(`?user_id=${UNKNOWN}`))).toEqual([404, 'user not found']);
  expect(detailOf(await call('?user_id=me'))).toEqual([400, 'invalid user_id']);
  expect(detailOf(await call(''))).toEqual([400, 'invalid user_id']);
});

test('userInfo by user id is one user, by reference id a list', async () => {
  const { app, key } = testApp();
  const ask = (query: string) => app.inject({ url: `/v2/userInfo${query}`, headers: key });
  const one = (await ask(`?user_id=${USER_ID}`)).json();
  expect(one).toMatchObject({ status: 'success', is_authenticated: true, user: { user_id: USER_ID } });
  const many = (await ask('?reference_id=person%20of%20acme-testing-a1')).json();
  expect(many.users.map((user: { user_id: string }) => user.user_id)).toEqual([USER_ID]);
  expect((await ask('?reference_id=nobody')).json()).toEqual({ status: 'success', users: [] });
  expect(detailOf(await ask(''))).toEqual([400, 'user_id or reference_id is required']);
  expect(detailOf(await ask('?reference_id=a&reference_id=b'))).toEqual([400, 'invalid reference_id']);
  expect(detailOf(await ask('?reference_id=a%00'))).toEqual([400, 'invalid reference_id']);
  expect(detailOf(await ask('?__proto__=1&reference_id=a'))).toEqual([400, 'invalid query']);
});

test('the setting for older clients turns the list of users into a bare array', async () => {
  const fixture = fixtureServices([testEnvironment('old-client', { userinfo_reference_shape: 'array' })]);
  const { app, key } = testApp({}, fixture);
  const answer = await app.inject({ url: '/v2/userInfo?reference_id=person%20of%20old-client', headers: key });
  expect(answer.json()).toHaveLength(1);
});

test('subscriptions come whole, or as a page when one is asked for', async () => {
  const { app, key } = testApp();
  const ask = (query: string) => app.inject({ url: `/v2/subscriptions${query}`, headers: key });
  expect((await ask('')).json().users).toHaveLength(1);
  expect((await ask('?page=0')).json().data).toMatchObject({ next: null, max_page: 0 });
  for (const query of ['?page=-1', '?page=1.5', '?page=', '?page=1e3', '?page=99999999999999999999']) {
    expect(detailOf(await ask(query)), query).toEqual([400, 'invalid page']);
  }
  expect(detailOf(await ask('?page=0&per_page=0'))).toEqual([400, 'invalid per_page']);
});

test('bulkUserInfo keeps the order and leaves unknown ids out', async () => {
  const { app, key } = testApp();
  const ask = (payload: unknown) =>
    app.inject({
      method: 'POST',
      url: '/v2/bulkUserInfo',
      headers: { ...key, ...json },
      payload: JSON.stringify(payload),
    });
  expect((await ask([UNKNOWN, USER_ID])).json()).toMatchObject([{ user_id: USER_ID }]);
  expect((await ask([UNKNOWN])).statusCode).toBe(404);
  for (const wrong of [[], [1], ['x'], {}, 'x', null]) expect((await ask(wrong)).statusCode).toBe(400);
});

test('integrations need no key; both names of the device list are there', async () => {
  const { app } = testApp();
  expect((await app.inject({ url: '/api/v2/integrations' })).json()).toEqual({
    status: 'success',
    providers: ['EXAMPLE'],
    sdk_providers: ['PHONE'],
    sdk_resource: ['PHONE'],
  });
});

test('detailed integrations are those of the environment, or all; device ones on request', async () => {
  const { app, key } = testApp();
  const codes = async (query: string, headers: Record<string, string>) =>
    (await app.inject({ url: `/v2/integrations/detailed${query}`, headers }))
      .json()
      .providers.map((row: { provider: string }) => row.provider);
  expect(await codes('', {})).toEqual(['EXAMPLE', 'OFF']);
  expect(await codes('', { 'dev-id': 'acme-testing-a1' })).toEqual(['EXAMPLE']);
  expect(await codes('?sdk=true', key)).toEqual(['EXAMPLE', 'PHONE']);
  const answer = await app.inject({ url: '/v2/integrations/detailed?sdk=yes' });
  expect(detailOf(answer)).toEqual([400, 'invalid sdk']);
});

test('a read answers the records with their user; samples only when asked for', async () => {
  const { app, key, asked } = testApp();
  const base = `/v2/activity?user_id=${USER_ID}&start_date=2026-07-01&to_webhook=false`;
  const answer = await app.inject({ url: base, headers: key });
  expect(answer.json()).toMatchObject({
    status: 'success',
    type: 'activity',
    user: { user_id: USER_ID },
    data: [{ metadata: { summary_id: USER_ID } }],
    version: '2022-03-16',
  });
  await app.inject({ url: `${base}&with_samples=true&end_date=1783209600`, headers: key });
  expect(asked.reads.map((read) => [read.query.withSamples, read.query.endDate])).toEqual([
    [false, undefined],
    [true, '1783209600'],
  ]);
});

test.each([
  ['', 'invalid user_id'],
  ['&user_id=me&start_date=2026-07-01', 'invalid user_id'],
  [`&user_id=${USER_ID}&start_date=yesterday`, 'invalid start_date'],
  [`&user_id=${USER_ID}&start_date=2026-02-30`, 'invalid start_date'],
  [`&user_id=${USER_ID}`, 'invalid start_date'],
  [`&user_id=${USER_ID}&start_date=2026-07-01&end_date=1`, 'invalid end_date'],
  [`&user_id=${USER_ID}&start_date=2026-07-02&end_date=2026-07-01`, 'invalid end_date'],
  [`&user_id=${USER_ID}&start_date=2026-07-01&with_samples=1`, 'invalid with_samples'],
  [`&user_id=${USER_ID}&start_date=2026-07-01&start_date=2026-07-02`, 'invalid start_date'],
])('a read with %s names what is wrong', async (query, detail) => {
  const { app, key } = testApp();
  const answer = await app.inject({ url: `/v2/sleep?to_webhook=false${query}`, headers: key });
  expect(detailOf(answer)).toEqual([400, detail]);
});

test('to_webhook takes true and false and nothing else', async () => {
  const { app, key } = testApp();
  const ask = (value: string) =>
    app.inject({ url: `/v2/daily?user_id=${USER_ID}&start_date=2026-07-01&to_webhook=${value}`, headers: key });
  for (const value of ['1', '0', 'yes', 'TRUE', ''])
    expect(detailOf(await ask(value))).toEqual([400, 'invalid to_webhook']);
  expect((await ask('false')).statusCode).toBe(200);
});

test('a window over 1825 days is refused by its rule, one of exactly 1825 is not', async () => {
  const { app, key } = testApp();
  const ask = (start: string) =>
    app.inject({
      url: `/v2/body?user_id=${USER_ID}&start_date=${start}&end_date=2026-07-01&to_webhook=false`,
      headers: key,
    });
  expect((await ask('2021-07-02')).statusCode).toBe(200);
  const refused = await ask('2021-07-01');
  expect([refused.statusCode, refused.headers['x-terra-ratelimit-rule']]).toEqual([429, 'r1']);
});

test('unsupported and disabled data types have their own answers', async () => {
  const fixture = fixtureServices([testEnvironment('narrow', { data_types: ['menstruation'] })]);
  const { app, key } = testApp({}, fixture);
  const ask = (type: string) =>
    app.inject({ url: `/v2/${type}?user_id=${USER_ID}&start_date=2026-07-01&to_webhook=false`, headers: key });
  const unsupported = await ask('menstruation');
  expect([unsupported.statusCode, unsupported.json().title]).toEqual([404, 'invalid data type']);
  expect(detailOf(await ask('sleep'))).toEqual([400, 'data type is not enabled, enable on the dashboard']);
});

test('a request to the destinations is acknowledged under the reference of the answer', async () => {
  const fixture = fixtureServices();
  const references: string[] = [];
  fixture.services.read.request = async (environment, _type, query, { reference }) => {
    references.push(reference);
    return { user: await fixture.services.users.byUserId(environment, query.userId) };
  };
  const { app, key } = testApp({}, fixture);
  const ask = (start: string) => app.inject({ url: `/v2/sleep?user_id=${USER_ID}&start_date=${start}`, headers: key });
  const small = await ask('2026-07-01');
  expect(small.json()).toMatchObject({
    status: 'success',
    type: 'sleep',
    reference: references[0],
    trace_id: references[0],
    message: 'Data sent to destination',
    user: { user_id: USER_ID },
  });
  expect(small.headers['terra-reference']).toBe(references[0]);
  expect((await ask('2026-06-01')).json().message).toMatch(/^Large request submitted/);
});

test('an athlete without a profile is no data', async () => {
  const { app, key } = testApp();
  const answer = await app.inject({ url: `/v2/athlete?user_id=${USER_ID}&to_webhook=false`, headers: key });
  expect(answer.json()).toMatchObject({ type: 'no_data', user: { user_id: USER_ID } });
});

test('writes find their user in query, body or first record, and say that the connection takes none', async () => {
  const { app, key } = testApp();
  const post = (query: string, payload: object) =>
    app.inject({ method: 'POST', url: `/v2/activity${query}`, headers: key, payload });
  const refusal = [400, 'this connection does not support writing activity'];
  expect(detailOf(await post(`?user_id=${USER_ID}`, { data: [] }))).toEqual(refusal);
  expect(detailOf(await post('', { user_id: USER_ID }))).toEqual(refusal);
  expect(detailOf(await post('', { data: [{ user_id: USER_ID }] }))).toEqual(refusal);
  expect(detailOf(await post('', { data: [null] }))).toEqual([400, 'invalid user_id']);
  expect(detailOf(await post(`?user_id=${UNKNOWN}`, {}))).toEqual([404, 'user not found']);
});

test('the callback hands over query and cookies, sets cookies and redirects', async () => {
  const { app, asked, onward } = testApp({ publicUrl: 'https://localhost' });
  onward.next = {
    kind: 'redirect',
    url: 'myapp://done?user_id=1',
    cookies: [{ name: 'flow', value: '', maxAge: 0, path: '/v2/auth' }],
  };
  const answer = await app.inject({
    url: '/api/v2/auth/example/oauth2?code=c&state=s',
    headers: { cookie: 'flow=abc' },
  });
  expect([answer.statusCode, answer.headers.location]).toEqual([302, 'myapp://done?user_id=1']);
  expect(answer.headers['set-cookie']).toBe('flow=; Max-Age=0; Path=/v2/auth; HttpOnly; Secure; SameSite=Lax');
  expect(asked.callbacks).toEqual([
    { provider: 'EXAMPLE', query: { code: 'c', state: 's' }, cookies: { flow: 'abc' }, confirmed: false },
  ]);
});

test.each(['/v2', '/api/v2'])('providers of both OAuth versions find their callback below %s', async (prefix) => {
  const { app, asked, onward } = testApp();
  onward.next = { kind: 'redirect', url: 'myapp://done' };
  for (const step of ['oauth1', 'oauth2']) {
    const answer = await app.inject({ url: `${prefix}/auth/example/${step}?state=s` });
    expect([step, answer.statusCode, answer.headers.location]).toEqual([step, 302, 'myapp://done']);
  }
  expect(asked.callbacks).toHaveLength(2);
});

test('a callback in another browser asks first; only our form confirms', async () => {
  const { app, asked, onward } = testApp();
  onward.next = {
    kind: 'confirm',
    app: { name: 'Acme', color: '#000000', logo: undefined },
    providerName: 'Example',
    language: undefined,
  };
  const url = '/v2/auth/example/oauth2?code=c&state=s';
  const page = await app.inject({ url });
  expect([page.statusCode, page.body]).toEqual([200, `confirm Example ${url}`]);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const post = (payload: string) =>
    app.inject({ method: 'POST', url, headers: { ...form, accept: 'text/html' }, payload });
  const forged = await post('csrf=guess');
  expect([forged.statusCode, forged.body]).toEqual([403, 'failure invalid_state']);
  expect(asked.callbacks).toHaveLength(1);
  onward.next = { kind: 'redirect', url: 'https://app.example/done' };
  expect((await post('csrf=from+our+form')).body).toBe('forward https://app.example/done');
  expect(asked.callbacks[1]).toMatchObject({ confirmed: true, query: { code: 'c', state: 's' } });
});

test('a callback with a parameter twice or an impossible provider is a failure page', async () => {
  const { app, asked } = testApp();
  for (const url of [
    '/v2/auth/example/oauth2?state=a&state=b',
    '/v2/auth/ex%20ample/oauth2',
    '/v2/auth/example/oauth2?a=%00',
  ]) {
    const answer = await app.inject({ url });
    expect([answer.statusCode, answer.body]).toEqual([400, 'failure invalid_state']);
  }
  expect(asked.callbacks).toEqual([]);
});

test('starting a login sets the cookie on this browser; an id that cannot exist is an expired link', async () => {
  const { app, onward } = testApp();
  onward.next = {
    kind: 'redirect',
    url: 'https://provider.example/authorize',
    cookies: [{ name: 'flow', value: 'v', maxAge: 900, path: '/' }],
  };
  const answer = await app.inject({ url: `/auth/start/${USER_ID}` });
  expect(answer.headers.location).toBe('https://provider.example/authorize');
  expect(answer.headers['set-cookie']).toBe('flow=v; Max-Age=900; Path=/; HttpOnly; SameSite=Lax');
  expect((await app.inject({ url: '/auth/start/x' })).body).toBe('failure session_expired');
});

test('a provider has its own picture or a mark of its initials', async () => {
  const providers = {
    find: (code: string) =>
      ({
        EXAMPLE: { id: 'EXAMPLE', name: 'Example <One>' },
        DRAWN: { id: 'DRAWN', name: 'Drawn', logo: '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>' },
      })[code] as never,
  };
  const { app } = testApp({ providers });
  const drawn = await app.inject({ url: '/static/app_icons/drawn.svg' });
  expect([drawn.headers['content-type'], drawn.body.includes('M0 0')]).toEqual(['image/svg+xml', true]);
  expect((await app.inject({ url: '/static/app_icons/example.svg' })).body).toContain(
    '<title>Example &lt;One&gt;</title>',
  );
  expect((await app.inject({ url: '/static/app_icons/nobody.svg' })).statusCode).toBe(404);
});
