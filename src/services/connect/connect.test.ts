import Value from 'typebox/value';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type BenchOptions,
  browser,
  type ConnectBench,
  connectBench,
  connectPerson,
  PUBLIC_URL,
} from '../../../test/harness/connect-bench.ts';
import { testAuth, testProvider } from '../../../test/harness/oauth-provider.ts';
import { type TestStore, testStore } from '../../../test/harness/store.ts';
import { parseUuid } from '../../lib/ids.ts';
import { authCancelledEvent, authEvent, authFailedEvent, userReauthEvent } from '../../schema/events.ts';

const open: ConnectBench[] = [];
let shared: TestStore;

beforeAll(async () => {
  shared = await testStore();
});

afterAll(() => shared.close());

async function bench(options?: BenchOptions): Promise<ConnectBench> {
  const made = await connectBench({ store: shared.store, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function attempt(b: ConnectBench, input = {}) {
  const { userId, authUrl } = await b.connect.authenticateUser(b.environment, 'acme', input);
  return { userId, authUrl, flowId: authUrl.split('/').at(-1) ?? '', web: browser(b) };
}

describe('a login', () => {
  test('ends in a connection, its grant, one auth event and the app’s own page', async () => {
    const b = await bench();
    const { userId, authUrl, flowId, web } = await attempt(b, {
      referenceId: 'ref-1',
      successUrl: 'https://app.example/back?auth=success#end',
    });
    expect(authUrl).toBe(`${PUBLIC_URL}/auth/start/${flowId}`);
    const page = new URL(await web.open(authUrl));
    expect(page.href).toContain(`${PUBLIC_URL}/sandbox/login.acme.example/authorize?`);
    expect(page.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/v2/auth/acme/oauth2`);
    expect(page.searchParams.get('scope')).toBe('daily sleep');
    const end = web.take(await web.callback(b.provider.login(page.href, 'ann')));
    expect(end).toBe(`https://app.example/back?auth=success&user_id=${userId}&reference_id=ref-1&resource=ACME#end`);
    expect(web.cookies).toEqual({});

    const connection = await b.store.connections.byUserId(b.environment.id, userId);
    expect(connection).toMatchObject({
      active: true,
      referenceId: 'ref-1',
      account: { providerUserId: 'ann', label: 'ann@mail.example', transport: 'sandbox', scopes: ['daily', 'sleep'] },
    });
    const events = await b.events();
    expect(events).toHaveLength(1);
    expect(Value.Check(authEvent, events[0])).toBe(true);
    expect(events[0]).toMatchObject({
      type: 'auth',
      flow_id: flowId,
      reference_id: 'ref-1',
      user: { user_id: userId },
    });
    const ref = { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
    const grant = await b.store.accounts.grant(ref);
    expect(grant?.expiresAt?.getTime()).toBe(b.clock.now().getTime() + 3_600_000);
    const due = (seconds: number) =>
      b.store.accounts.dueRefreshes(new Date(b.clock.now().getTime() + seconds * 1000), 1000);
    expect(await due(3_300)).toContainEqual(ref);
    expect(await due(3_299)).not.toContainEqual(ref);
  });

  test('starts anew as often as the link is opened, and the last one counts', async () => {
    const b = await bench();
    const { userId, authUrl, web } = await attempt(b);
    const first = await web.open(authUrl);
    const second = await web.open(authUrl);
    expect(new URL(first).searchParams.get('state')).not.toBe(new URL(second).searchParams.get('state'));
    expect((await web.callback(b.provider.login(first, 'ann'))).kind).toBe('confirm');
    const end = web.take(await web.callback(b.provider.login(second, 'ann')));
    expect(end).toContain(`/success?user_id=${userId}&`);
  });

  test('writes nothing before the callback', async () => {
    const b = await bench();
    const { authUrl, flowId, web } = await attempt(b);
    const before = await b.store.flows.lookup(flowId);
    await web.open(authUrl);
    expect(await b.store.flows.lookup(flowId)).toEqual(before);
    expect(await b.events()).toEqual([]);
  });

  test('a second use of the callback changes nothing', async () => {
    const b = await bench();
    const { authUrl, web } = await attempt(b, { failureUrl: 'myapp://no' });
    const query = b.provider.login(await web.open(authUrl), 'ann');
    const cookies = { ...web.cookies };
    const ends = await Promise.all([web.callback(query, { cookies }), web.callback(query, { cookies })]);
    const urls = ends.map((end) => web.take(end)).sort();
    expect(urls[0]).toContain('/success?');
    expect(urls[1]).toMatch(/^myapp:\/\/no\?.*reason=invalid_state$/);
    expect(web.take(await web.callback(query, { cookies }))).toContain('reason=invalid_state');
    expect((await b.events()).map((event) => event.type)).toEqual(['auth']);
    expect(b.provider.requestsTo('/token')).toHaveLength(1);
  });

  test('in another browser asks before it goes on', async () => {
    const b = await bench({ settings: { widget_name: 'My App' } });
    const { userId, authUrl, web } = await attempt(b, { language: 'DE-at' });
    const query = b.provider.login(await web.open(authUrl), 'ann');
    const asked = await web.callback(query, { cookies: {} });
    expect(asked).toEqual({
      kind: 'confirm',
      app: { name: 'My App', color: '#0f766e', logo: undefined },
      providerName: 'Acme Ring',
      language: 'de',
    });
    expect(b.provider.requestsTo('/token')).toEqual([]);
    const end = web.take(await web.callback(query, { cookies: {}, confirmed: true }));
    expect(end).toContain(`user_id=${userId}`);
  });

  test('with a state that is not ours is refused without a trace', async () => {
    const b = await bench();
    const { authUrl, web } = await attempt(b);
    const query = b.provider.login(await web.open(authUrl), 'ann');
    const state = query.state ?? '';
    const changed = `${state.slice(0, -2)}${state.endsWith('AA') ? 'BA' : 'AA'}`;
    for (const wrong of [{ code: 'x' }, { ...query, state: 'abc' }, { ...query, state: changed }]) {
      expect(await web.callback(wrong as Record<string, string>)).toEqual({ kind: 'failure', reason: 'invalid_state' });
    }
    expect(await web.callback(query, { provider: 'other' })).toEqual({ kind: 'failure', reason: 'invalid_state' });
    expect(b.provider.requestsTo('/token')).toEqual([]);
    expect(await b.events()).toEqual([]);
  });

  test('whose state was moved to another environment does not verify', async () => {
    const b = await bench();
    const other = await bench();
    const { authUrl, web } = await attempt(other);
    const query = other.provider.login(await web.open(authUrl), 'ann');
    const bytes = Buffer.from(query.state ?? '', 'base64url');
    parseUuid(b.environment.id).copy(bytes);
    const moved = { ...query, state: bytes.toString('base64url') };
    expect(await web.callback(moved, { confirmed: true })).toEqual({ kind: 'failure', reason: 'invalid_state' });
  });
});

describe('a failed login', () => {
  test('that the person denied passes the provider’s code on, once', async () => {
    const b = await bench();
    const { userId, authUrl, flowId, web } = await attempt(b, {
      referenceId: 'ref-1',
      failureUrl: 'https://app.example/no?auth=failure',
    });
    const { state = '' } = b.provider.login(await web.open(authUrl), 'ann');
    const end = web.take(await web.callback({ error: 'access_denied', state }));
    expect(end).toBe(
      `https://app.example/no?auth=failure&user_id=${userId}&resource=ACME&reference_id=ref-1&reason=access_denied`,
    );
    const events = await b.events();
    expect(events).toEqual([
      { type: 'auth_cancelled', status: 'error', flow_id: flowId, reason: 'access_denied', reference_id: 'ref-1' },
    ]);
    expect(Value.Check(authCancelledEvent, events[0])).toBe(true);
    expect((await b.store.flows.lookup(flowId))?.state).toBe('failed');
    expect(web.take(await web.callback({ error: 'access_denied', state }, { confirmed: true }))).toContain(
      'invalid_state',
    );
    expect(await b.events()).toHaveLength(1);
  });

  test('can be told in the older form, which always has a user', async () => {
    const b = await bench({ settings: { auth_failure_event: 'auth' } });
    const { userId, authUrl, web } = await attempt(b);
    const { state = '' } = b.provider.login(await web.open(authUrl), 'ann');
    await web.callback({ error: 'access_denied', state });
    const events = await b.events();
    expect(events).toMatchObject([{ type: 'auth', status: 'error', reason: 'access_denied', provider: 'ACME' }]);
    expect(events).toMatchObject([{ user: { user_id: userId, active: false, provider: 'ACME' } }]);
    expect(Value.Check(authFailedEvent, events[0])).toBe(true);
  });

  test.each([
    ['/token', { status: 400, json: { error: 'invalid_grant' } }, 'token_exchange_failed'],
    ['/token', { status: 200, json: { status: 503 } }, 'token_exchange_failed'],
    ['/token', { status: 429 }, 'provider_rate_limited'],
    ['/token', { status: 502 }, 'provider_unavailable'],
    ['/token', { drop: 'after' }, 'provider_unavailable'],
    ['/me', { status: 403 }, 'access_denied'],
    ['/me', { status: 503 }, 'provider_unavailable'],
    ['/me', { status: 200, json: null }, 'internal_error'],
  ] as const)('%s answering %j ends in %s', async (path, trouble, reason) => {
    const b = await bench();
    const { authUrl, flowId, web } = await attempt(b);
    b.provider.trouble(path, trouble);
    const end = await web.login(authUrl, 'ann');
    expect(end).toBe(
      `${PUBLIC_URL}/session/${flowId}/failure?user_id=${(await b.store.flows.lookup(flowId))?.userId}` +
        `&resource=ACME&reference_id=null&reason=${reason}`,
    );
    expect(await b.events()).toMatchObject([{ type: 'auth_cancelled', reason }]);
    expect(await b.store.connections.countActive(b.environment.id)).toBe(0);
    expect(JSON.stringify(b.logged)).not.toMatch(/ann@|at-|rt-|code-|good-secret/);
  });

  test('without a required scope is revoked at the provider', async () => {
    const b = await bench();
    const { authUrl, web } = await attempt(b);
    expect(await web.login(authUrl, 'ann', ['sleep'])).toContain('reason=insufficient_scopes');
    expect(b.provider.revoked).toEqual(['ann']);
    expect(await b.events()).toMatchObject([{ type: 'auth_cancelled', reason: 'insufficient_scopes' }]);
  });

  test('without a required scope leaves a connection of the same account alone', async () => {
    const b = await bench();
    const userId = await connectPerson(b, 'ann');
    const { authUrl, web } = await attempt(b);
    expect(await web.login(authUrl, 'ann', ['sleep'])).toContain('reason=insufficient_scopes');
    expect(b.provider.revoked).toEqual([]);
    expect(await b.store.connections.byUserId(b.environment.id, userId)).toMatchObject({ active: true });
  });

  test('that comes too late says so, whoever notices first', async () => {
    const b = await bench({ store: undefined });
    const late = await attempt(b);
    const query = b.provider.login(await late.web.open(late.authUrl), 'ann');
    const ticked = await attempt(b);
    const ticking = b.provider.login(await ticked.web.open(ticked.authUrl), 'ann');
    b.clock.advance(901_000);
    expect(late.web.take(await late.web.callback(query))).toContain('reason=session_expired');
    expect(await b.connect.expire()).toBe(1);
    expect(await b.connect.expire()).toBe(0);
    expect(ticked.web.take(await ticked.web.callback(ticking))).toContain('reason=session_expired');
    expect(await late.web.open(late.authUrl)).toContain('reason=session_expired');
    expect((await b.events()).map((event) => event.reason)).toEqual(['session_expired', 'session_expired']);
    expect(b.provider.requestsTo('/token')).toEqual([]);
  });

  test('a slow provider may answer after the link has run out, if the callback came in time', async () => {
    const b = await bench({ store: undefined });
    const { authUrl, web } = await attempt(b);
    const query = b.provider.login(await web.open(authUrl), 'ann');
    b.clock.advance(899_000);
    expect(web.take(await web.callback(query))).toContain('/success?');
    b.clock.advance(10_000);
    expect(await b.connect.expire()).toBe(0);
  });
});

describe('the same account again', () => {
  test('is the same connection under a new user id, told first by user_reauth', async () => {
    const b = await bench();
    const old = await connectPerson(b, 'ann', { referenceId: 'one' });
    const before = await b.store.connections.byUserId(b.environment.id, old);
    const next = await connectPerson(b, 'ann', { referenceId: 'two' });
    const after = await b.store.connections.byUserId(b.environment.id, next);
    expect(after).toMatchObject({ id: before?.id, referenceId: 'two', retiredUserIds: [old], active: true });
    expect(await b.store.connections.byUserId(b.environment.id, old)).toBeUndefined();
    const events = await b.events();
    expect(events.map((event) => event.type)).toEqual(['auth', 'user_reauth', 'auth']);
    expect(Value.Check(userReauthEvent, events[1])).toBe(true);
    expect(events[1]).toMatchObject({
      new_user: { user_id: next, reference_id: 'two', active: true },
      old_user: { user_id: old, reference_id: 'one', active: false },
    });
    expect(events[2]).toMatchObject({ user: { user_id: next } });
  });

  test('by reference id: another reference is another connection, none equals none', async () => {
    const b = await bench({ settings: { reauth_scope: 'reference_id' } });
    await connectPerson(b, 'ann', { referenceId: 'one' });
    await connectPerson(b, 'ann', { referenceId: 'two' });
    await connectPerson(b, 'ann');
    expect(await b.store.connections.countActive(b.environment.id)).toBe(3);
    await connectPerson(b, 'ann');
    await connectPerson(b, 'ann', { referenceId: 'two' });
    expect(await b.store.connections.countActive(b.environment.id)).toBe(3);
    expect((await b.events()).map((event) => event.type)).toEqual([
      'auth',
      'auth',
      'auth',
      'user_reauth',
      'auth',
      'user_reauth',
      'auth',
    ]);
  });

  test('revives a revoked connection with auth alone', async () => {
    const b = await bench();
    const old = await connectPerson(b, 'ann');
    const connection = await b.store.connections.byUserId(b.environment.id, old);
    const ref = { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
    await b.store.connections.setActive(b.environment.id, connection?.id ?? '', false);
    await b.store.accounts.setState(ref, 'revoked');
    const next = await connectPerson(b, 'ann');
    const revived = await b.store.connections.byUserId(b.environment.id, next);
    expect(revived).toMatchObject({ id: connection?.id, active: true, account: { state: 'active' } });
    expect((await b.events()).map((event) => event.type)).toEqual(['auth', 'auth']);
  });

  test('clears the need to reconnect', async () => {
    const b = await bench();
    const old = await connectPerson(b, 'ann');
    const connection = await b.store.connections.byUserId(b.environment.id, old);
    const ref = { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
    await b.store.accounts.setState(ref, 'needs_reconnecting');
    await connectPerson(b, 'ann');
    expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toMatchObject({ state: 'active' });
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
  });

  test('at the same time meets one account and one connection', async () => {
    const b = await bench();
    await Promise.all(Array.from({ length: 6 }, () => connectPerson(b, 'ann')));
    expect(await b.store.connections.countActive(b.environment.id)).toBe(1);
    expect((await b.events()).filter((event) => event.type === 'auth')).toHaveLength(6);
    expect((await b.events()).filter((event) => event.type === 'user_reauth')).toHaveLength(5);
  });
});

describe('the user limit', () => {
  test('refuses a new connection before the login, and lets a known person log in again', async () => {
    const b = await bench({ settings: { user_limit: 1 } });
    await connectPerson(b, 'ann', { referenceId: 'one' });
    await expect(attempt(b)).rejects.toMatchObject({ code: 'user_limit', status: 403 });
    await expect(attempt(b, { referenceId: 'two' })).rejects.toMatchObject({ code: 'user_limit' });
    const { userId, authUrl, web } = await attempt(b, { referenceId: 'one' });
    expect(await web.login(authUrl, 'ann')).toContain(`user_id=${userId}`);
  });

  test('holds at the callback, however many came at once', async () => {
    const b = await bench({ settings: { user_limit: 2 } });
    const attempts = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(async (name) => ({ name, ...(await attempt(b)) })),
    );
    const pages = await Promise.all(attempts.map(({ web, authUrl }) => web.open(authUrl)));
    const ends = await Promise.all(
      attempts.map(async ({ name, web }, at) => web.take(await web.callback(b.provider.login(pages[at] ?? '', name)))),
    );
    expect(ends.filter((end) => end.includes('/success?'))).toHaveLength(2);
    expect(ends.filter((end) => end.includes('reason=user_limit_reached'))).toHaveLength(3);
    expect(await b.store.connections.countActive(b.environment.id)).toBe(2);
    expect(b.provider.revoked).toHaveLength(3);
  });

  test('another account under a known reference is still refused at the callback', async () => {
    const b = await bench({ settings: { user_limit: 1 } });
    await connectPerson(b, 'ann', { referenceId: 'one' });
    const { authUrl, web } = await attempt(b, { referenceId: 'one' });
    expect(await web.login(authUrl, 'bob')).toContain('reason=user_limit_reached');
    expect(await b.store.connections.countActive(b.environment.id)).toBe(1);
  });
});

describe('authenticateUser refuses', () => {
  const device = { ...testProvider, id: 'PHONE', aliases: [], auth: { kind: 'sdk' as const } };
  const files = { ...testProvider, id: 'FILES', aliases: [], auth: { kind: 'none' as const } };

  test.each([
    ['nosuch', 'provider_not_found', 404],
    ['PHONE', 'sdk_only', 400],
    ['FILES', 'bad_request', 400],
  ])('%s with %s', async (code, problem, status) => {
    const b = await bench({ providers: [testProvider, device, files] });
    await expect(b.connect.authenticateUser(b.environment, code, {})).rejects.toMatchObject({ code: problem, status });
  });

  test('a provider that is switched off or has no credentials', async () => {
    const b = await bench();
    await b.store.providerChoices.setEnabled(b.environment.id, 'ACME', false);
    await expect(attempt(b)).rejects.toMatchObject({ code: 'provider_not_enabled' });
    const production = await bench({ kind: 'production' });
    await expect(attempt(production)).rejects.toMatchObject({ code: 'credentials_missing' });
    const without = await bench({ sandbox: false });
    await expect(attempt(without)).rejects.toMatchObject({ code: 'credentials_missing' });
  });

  test('unsafe redirect urls, naming the field', async () => {
    const b = await bench();
    await expect(attempt(b, { successUrl: 'javascript:alert(1)' })).rejects.toMatchObject({
      code: 'redirect_refused',
      field: 'auth_success_redirect_url',
    });
    const listed = await bench({ settings: { redirect_allow_list: ['https://app.example/'] } });
    await expect(attempt(listed, { failureUrl: 'https://other.example/' })).rejects.toMatchObject({
      code: 'redirect_refused',
      field: 'auth_failure_redirect_url',
    });
  });

  test('nothing of an alias in any case, and goes live where there are credentials', async () => {
    const b = await bench({ kind: 'production' });
    await b.store.providerChoices.setCredentials(b.environment.id, 'ACME', { client_id: 'live', client_secret: 's' });
    await b.store.providerChoices.setScopes(b.environment.id, 'ACME', ['extra']);
    const { authUrl } = await b.connect.authenticateUser(b.environment, 'AcmeRing', {});
    const page = new URL(await browser(b).open(authUrl));
    expect(page.origin).toBe('https://login.acme.example');
    expect(page.searchParams.get('client_id')).toBe('live');
    expect(page.searchParams.get('scope')).toBe('daily extra');
  });
});

describe('PKCE', () => {
  test('is left out where the manifest does not ask for it', async () => {
    const { pkce: _, ...authorize } = testAuth.authorize;
    const b = await bench({ providers: [{ ...testProvider, auth: { ...testAuth, authorize } }] });
    const { authUrl, web } = await attempt(b);
    const page = new URL(await web.open(authUrl));
    expect(page.searchParams.has('code_challenge')).toBe(false);
    expect(web.take(await web.callback(b.provider.login(page.href, 'ann')))).toContain('/success?');
    expect(b.provider.requestsTo('/token')[0]?.form).not.toHaveProperty('code_verifier');
  });
});
