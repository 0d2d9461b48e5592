import { afterEach, describe, expect, test } from 'vitest';
import {
  type BenchOptions,
  browser,
  type ConnectBench,
  connectBench,
  connectPerson,
  PUBLIC_URL,
} from '../../test/harness/connect-bench.ts';
import { testAuth, testProvider } from '../../test/harness/oauth-provider.ts';
import { type OidcServer, oidcProvider, oidcServer } from '../../test/harness/oidc-server.ts';
import { Problem } from '../core/problem.ts';
import type { AccountRef } from '../core/store.ts';
import { createRefreshService } from './refresh.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function bench(options: BenchOptions = {}): Promise<ConnectBench> {
  const made = await connectBench(options);
  open.push(made);
  return made;
}

async function refOf(b: ConnectBench, userId: string): Promise<AccountRef> {
  const connection = await b.store.connections.byUserId(b.environment.id, userId);
  return { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
}

/** A connected person whose token has just become due. */
async function due(options: BenchOptions = {}): Promise<{ b: ConnectBench; ref: AccountRef }> {
  const b = await bench(options);
  const ref = await refOf(b, await connectPerson(b, 'ann'));
  b.clock.advance(3_301_000);
  return { b, ref };
}

function refreshes(b: ConnectBench): number {
  return b.provider.requestsTo('/token').filter(({ form }) => form.grant_type === 'refresh_token').length;
}

async function typesOf(b: ConnectBench): Promise<unknown[]> {
  return (await b.events()).map((event) => event.type);
}

describe('a token', () => {
  test('that is not due is handed out as it is', async () => {
    const b = await bench();
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    const grant = await b.store.accounts.grant(ref);
    expect(await b.refresh.token(ref)).toEqual({ accessToken: grant?.token.accessToken });
    expect(refreshes(b)).toBe(0);
  });

  test('that is due is renewed, stored and scheduled', async () => {
    const { b, ref } = await due();
    const before = await b.store.accounts.grant(ref);
    const answer = await b.refresh.token(ref);
    const after = await b.store.accounts.grant(ref);
    expect(answer).toEqual({ accessToken: after?.token.accessToken });
    expect(after?.token.accessToken).not.toBe(before?.token.accessToken);
    expect(after?.token.refreshToken).not.toBe(before?.token.refreshToken);
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    expect(after?.expiresAt?.getTime()).toBe(b.clock.now().getTime() + 3_600_000);
    expect(await b.refresh.runDue()).toBe(0);
    b.clock.advance(3_300_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(refreshes(b)).toBe(2);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('that the provider has just refused is renewed before its time, once', async () => {
    const b = await bench();
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    const rejected = (await b.store.accounts.grant(ref))?.token.accessToken ?? '';
    const answers = await Promise.all([1, 2, 3].map(() => b.refresh.token(ref, { rejected })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).not.toEqual({ accessToken: rejected });
    expect(refreshes(b)).toBe(1);
  });

  test('keeps its refresh token when the answer brings none', async () => {
    const { b, ref } = await due();
    const before = await b.store.accounts.grant(ref);
    b.provider.trouble('/token', { status: 200, json: { access_token: 'fresh', expires_in: 60 } });
    expect(await b.refresh.token(ref)).toEqual({ accessToken: 'fresh' });
    expect((await b.store.accounts.grant(ref))?.token).toMatchObject({
      refreshToken: before?.token.refreshToken,
      scopes: ['daily', 'sleep'],
    });
  });

  test('without expiry is never refreshed; without refresh token it ends when it runs out', async () => {
    const forever = { ...testProvider, auth: { ...testAuth, token: () => ({ accessToken: 'for-ever' }) } };
    const noProfile = { ...testAuth, afterToken: [], account: () => ({ providerUserId: 'p' }) };
    const a = await bench({ providers: [{ ...forever, auth: { ...noProfile, token: forever.auth.token } }] });
    const refA = await refOf(a, await connectPerson(a, 'ann'));
    a.clock.advance(1e11);
    expect(await a.refresh.token(refA)).toEqual({ accessToken: 'for-ever' });
    const short = { ...noProfile, token: () => ({ accessToken: 'short', expiresIn: 600 }) };
    const b = await bench({ providers: [{ ...testProvider, auth: short }] });
    const refB = await refOf(b, await connectPerson(b, 'ann'));
    b.clock.advance(599_000);
    expect(await b.refresh.token(refB)).toEqual({ accessToken: 'short' });
    b.clock.advance(1_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(await b.refresh.token(refB)).toEqual({ failed: 'needs_reconnecting' });
    expect(await typesOf(b)).toEqual(['auth', 'connection_error']);
  });
});

describe('many needs at once', () => {
  test('make one request in one process', async () => {
    const { b, ref } = await due();
    const answers = await Promise.all(Array.from({ length: 50 }, () => b.refresh.token(ref)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toHaveProperty('accessToken');
    expect(refreshes(b)).toBe(1);
  });

  test('make one request in two processes', async () => {
    const { b, ref } = await due();
    const other = createRefreshService(b);
    const needs = Array.from({ length: 50 }, (_, at) => (at % 2 ? b.refresh : other).token(ref));
    const answers = await Promise.all(needs);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(refreshes(b)).toBe(1);
  });

  test('and the tick beside them make one request for each account', async () => {
    const b = await bench();
    const people = ['ann', 'bob', 'cy'];
    const refs = await Promise.all(people.map(async (person) => refOf(b, await connectPerson(b, person))));
    b.clock.advance(3_301_000);
    await Promise.all([
      b.refresh.runDue(),
      createRefreshService(b).runDue(),
      ...refs.map((ref) => b.refresh.token(ref)),
    ]);
    expect(refreshes(b)).toBe(3);
  });

  test('take over the lease of a process that died', async () => {
    const { b, ref } = await due();
    const now = b.clock.now();
    await b.store.accounts.claimRefresh(ref, 'dead', now, new Date(now.getTime() + 60_000));
    const waiting = b.refresh.token(ref);
    b.clock.advance(60_001);
    expect(await waiting).toHaveProperty('accessToken');
  });
});

describe('when the provider is away', () => {
  test('a token that has not run out still serves, and the request is put off', async () => {
    const { b, ref } = await due();
    const before = await b.store.accounts.grant(ref);
    b.provider.trouble('/token', { status: 503 });
    expect(await b.refresh.token(ref)).toEqual({ accessToken: before?.token.accessToken });
    expect(await b.refresh.token(ref)).toEqual({ accessToken: before?.token.accessToken });
    expect(refreshes(b)).toBe(1);
    expect(await b.refresh.runDue()).toBe(0);
    b.clock.advance(40_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(refreshes(b)).toBe(2);
    expect((await b.store.accounts.grant(ref))?.version).toBe(2);
  });

  test('a token that has run out is not handed out, and nothing is lost', async () => {
    const { b, ref } = await due();
    b.clock.advance(300_000);
    const before = await b.store.accounts.grant(ref);
    for (const status of [500, 429, 502]) {
      b.provider.trouble('/token', { status });
      expect(await b.refresh.token(ref)).toEqual({ failed: 'unavailable' });
      b.clock.advance(3_600_000);
    }
    expect(await b.store.accounts.grant(ref)).toEqual(before);
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('Retry-After is waited for', async () => {
    const { b, ref } = await due();
    b.clock.advance(300_000);
    b.provider.trouble('/token', { status: 429, headers: { 'retry-after': '900' } });
    await b.refresh.token(ref);
    b.clock.advance(899_000);
    expect(await b.refresh.token(ref)).toEqual({ failed: 'unavailable' });
    expect(await b.refresh.runDue()).toBe(0);
    b.clock.advance(2_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(refreshes(b)).toBe(2);
  });

  test('no other process asks before its time either', async () => {
    const { b, ref } = await due();
    b.clock.advance(300_000);
    b.provider.trouble('/token', { status: 429, headers: { 'retry-after': '900' } });
    expect(await b.refresh.token(ref)).toEqual({ failed: 'unavailable' });
    const other = createRefreshService(b);
    b.clock.advance(899_000);
    expect(await other.token(ref)).toEqual({ failed: 'unavailable' });
    expect(refreshes(b)).toBe(1);
    b.clock.advance(2_000);
    expect(await other.token(ref)).toHaveProperty('accessToken');
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    expect(refreshes(b)).toBe(2);
  });

  test('a token that was refused is renewed later, and looked at only when it is due', async () => {
    const b = await bench();
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    const rejected = (await b.store.accounts.grant(ref))?.token.accessToken ?? '';
    b.provider.trouble('/token', { status: 503 });
    expect(await b.refresh.token(ref, { rejected })).toEqual({ failed: 'unavailable' });
    expect(await createRefreshService(b).token(ref, { rejected })).toEqual({ failed: 'unavailable' });
    expect(refreshes(b)).toBe(1);
    b.clock.advance(40_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(await b.refresh.runDue()).toBe(0);
    expect(await createRefreshService(b).token(ref, { rejected })).toHaveProperty('accessToken');
    expect(refreshes(b)).toBe(2);
    b.clock.advance(3_300_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect(refreshes(b)).toBe(3);
  });

  test('a refusal of the client, not of the grant, ends nothing', async () => {
    const { b, ref } = await due();
    b.clock.advance(300_000);
    b.provider.trouble('/token', { status: 401, json: { error: 'invalid_client' } });
    expect(await b.refresh.token(ref)).toEqual({ failed: 'unavailable' });
    expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toMatchObject({ state: 'active' });
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('two lost answers are two requests and no more', async () => {
    const { b, ref } = await due();
    b.clock.advance(300_000);
    b.provider.trouble('/token', { drop: 'before' }, { drop: 'before' });
    expect(await b.refresh.token(ref)).toEqual({ failed: 'unavailable' });
    expect(refreshes(b)).toBe(2);
    b.clock.advance(3_600_000);
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
  });
});

describe('a lost answer', () => {
  test('from a provider with a grace is made good by asking again', async () => {
    const { b, ref } = await due({ grace: true });
    b.provider.trouble('/token', { drop: 'after' });
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    expect(refreshes(b)).toBe(2);
    expect(await typesOf(b)).toEqual(['auth']);
  });
});

describe('a renewed grant', () => {
  test('is stored although the database was away for a moment', async () => {
    const { b, ref } = await due();
    let failures = 2;
    const store = {
      ...b.store,
      transaction: ((work) => {
        if (failures-- > 0) return Promise.reject(new Problem('unavailable'));
        return b.store.transaction(work);
      }) as typeof b.store.transaction,
    };
    const answer = await createRefreshService({ ...b, store }).token(ref);
    const grant = await b.store.accounts.grant(ref);
    expect(grant?.version).toBe(2);
    expect(answer).toEqual({ accessToken: grant?.token.accessToken });
    expect(refreshes(b)).toBe(1);
  });
});

describe('a dead grant', () => {
  test('needs reconnecting and is said once to each active connection', async () => {
    const b = await bench({ settings: { reauth_scope: 'reference_id' } });
    const ref = await refOf(b, await connectPerson(b, 'ann', { referenceId: 'one' }));
    await connectPerson(b, 'ann', { referenceId: 'two' });
    b.clock.advance(3_301_000);
    b.provider.trouble('/token', { status: 400, json: { error: 'invalid_grant' } });
    expect(await b.refresh.token(ref)).toEqual({ failed: 'needs_reconnecting' });
    expect(await b.refresh.token(ref)).toEqual({ failed: 'needs_reconnecting' });
    expect(await b.refresh.runDue()).toBe(0);
    const events = (await b.events()).filter((event) => event.type === 'connection_error');
    expect(events.map(({ user }) => (user as { reference_id: string }).reference_id).sort()).toEqual(['one', 'two']);
    expect(events[0]).toMatchObject({ status: 'warning', user: { active: true } });
    expect(refreshes(b)).toBe(1);
  });

  test('is said again after a reconnection that dies as well', async () => {
    const { b, ref } = await due();
    b.provider.trouble('/token', { status: 400, json: { error: 'invalid_grant' } });
    await b.refresh.token(ref);
    await connectPerson(b, 'ann');
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    b.clock.advance(3_301_000);
    b.provider.trouble('/token', { status: 400, json: { error: 'invalid_grant' } });
    await b.refresh.token(ref);
    expect(await typesOf(b)).toEqual(['auth', 'connection_error', 'user_reauth', 'auth', 'connection_error']);
  });

  test('of a refresh that a reconnection overtook harms nothing', async () => {
    const b = await bench();
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    b.clock.advance(3_301_000);
    let reconnect: Promise<unknown> = Promise.resolve();
    const client = {
      ...b.client,
      send: async (call: Parameters<typeof b.client.send>[0]) => {
        const answer = await b.client.send(call);
        await reconnect;
        return answer;
      },
    };
    const slow = createRefreshService({ ...b, client });
    b.provider.trouble('/token', { status: 400, json: { error: 'invalid_grant' } });
    reconnect = connectAfterRefresh(b);
    expect(await slow.token(ref)).toEqual({ failed: 'needs_reconnecting' });
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    expect(await typesOf(b)).toEqual(['auth', 'user_reauth', 'auth']);
  });
});

/** Logs in again once the refresh request has reached the provider. */
async function connectAfterRefresh(b: ConnectBench): Promise<void> {
  while (refreshes(b) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await connectPerson(b, 'ann');
}

describe('against an independent server with rotation and reuse detection', () => {
  async function connected(): Promise<{ b: ConnectBench; server: OidcServer; ref: AccountRef }> {
    const redirectUri = `${PUBLIC_URL}/v2/auth/acme/oauth2`;
    const b = await bench({ providers: [oidcProvider] });
    const server = await oidcServer({ id: `client-${b.environment.id}`, secret: 'good-secret', redirectUri });
    open.push(server);
    b.reach(server.origin);
    const { userId, authUrl } = await b.connect.authenticateUser(b.environment, 'ACME', {});
    const web = browser(b);
    const query = await server.login(await web.open(authUrl), 'ann');
    expect(web.take(await web.callback(query))).toContain(`user_id=${userId}`);
    b.clock.advance(3_301_000);
    return { b, server, ref: await refOf(b, userId) };
  }

  test('code, PKCE and refresh are accepted, and fifty needs make one request', async () => {
    const { b, server, ref } = await connected();
    const before = await b.store.accounts.grant(ref);
    const answers = await Promise.all(Array.from({ length: 50 }, () => b.refresh.token(ref)));
    const after = await b.store.accounts.grant(ref);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ accessToken: after?.token.accessToken })]),
    );
    expect(server.calls('/token')).toBe(2);
    expect(after?.token.refreshToken).not.toBe(before?.token.refreshToken);
    b.clock.advance(3_301_000);
    expect(await b.refresh.runDue()).toBe(1);
    expect((await b.store.accounts.grant(ref))?.version).toBe(3);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('an answer lost before the token was consumed costs nothing', async () => {
    const { b, server, ref } = await connected();
    server.drop('before');
    expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
    expect(server.calls('/token')).toBe(3);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('an answer lost after the token was consumed ends in one retry and one connection_error', async () => {
    const { b, server, ref } = await connected();
    server.drop('after');
    const answers = await Promise.all(Array.from({ length: 10 }, () => b.refresh.token(ref)));
    expect(answers).toEqual(Array(10).fill({ failed: 'needs_reconnecting' }));
    expect(await b.refresh.token(ref)).toEqual({ failed: 'needs_reconnecting' });
    expect(await b.refresh.runDue()).toBe(0);
    expect(server.calls('/token')).toBe(3);
    expect(await typesOf(b)).toEqual(['auth', 'connection_error']);
    expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toMatchObject({
      state: 'needs_reconnecting',
    });
  });
});
