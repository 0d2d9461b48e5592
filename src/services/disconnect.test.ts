import Value from 'typebox/value';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type BenchOptions, type ConnectBench, connectBench, connectPerson } from '../../test/harness/connect-bench.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import { deauthEvent } from '../schema/events.ts';
import { createDisconnectService } from './disconnect.ts';
import { announce } from './fanout.ts';

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

async function refOf(b: ConnectBench, userId: string) {
  const connection = await b.store.connections.byUserId(b.environment.id, userId);
  return { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
}

test('revokes at the provider, deletes account and connection, and says deauth', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann', { referenceId: 'r' });
  const ref = await refOf(b, userId);
  await b.disconnect.byUserId(b.environment, userId);
  expect(b.provider.revoked).toEqual(['ann']);
  expect(await b.store.connections.byUserId(b.environment.id, userId)).toBeUndefined();
  expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toBeUndefined();
  const events = await b.events();
  expect(events.map((event) => event.type)).toEqual(['auth', 'deauth']);
  expect(Value.Check(deauthEvent, events[1])).toBe(true);
  expect(events[1]).toMatchObject({ user: { user_id: userId, reference_id: 'r', active: false } });
});

test('a second call finds no user; two at once are one', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  const calls = await Promise.allSettled([1, 2].map(() => b.disconnect.byUserId(b.environment, userId)));
  expect(calls.map((call) => call.status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(b.disconnect.byUserId(b.environment, userId)).rejects.toMatchObject({
    code: 'user_not_found',
    status: 404,
  });
  await expect(b.disconnect.byUserId(b.environment, 'nope')).rejects.toMatchObject({ code: 'user_not_found' });
  expect((await b.events()).filter((event) => event.type === 'deauth')).toHaveLength(1);
});

test('another environment’s user is not found', async () => {
  const b = await bench();
  const other = await bench();
  const userId = await connectPerson(b, 'ann');
  await expect(other.disconnect.byUserId(other.environment, userId)).rejects.toMatchObject({ code: 'user_not_found' });
});

test('the grant is revoked only with the last active connection', async () => {
  const b = await bench({ settings: { reauth_scope: 'reference_id' } });
  const one = await connectPerson(b, 'ann', { referenceId: 'one' });
  const two = await connectPerson(b, 'ann', { referenceId: 'two' });
  const ref = await refOf(b, one);
  await b.disconnect.byUserId(b.environment, one);
  expect(b.provider.revoked).toEqual([]);
  expect(await b.refresh.token(ref)).toHaveProperty('accessToken');
  await b.disconnect.byUserId(b.environment, two);
  expect(b.provider.revoked).toEqual(['ann']);
  expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toBeUndefined();
});

test('of the last two connections that go at once, one takes the grant with it', async () => {
  const b = await bench({ settings: { reauth_scope: 'reference_id' } });
  const one = await connectPerson(b, 'ann', { referenceId: 'one' });
  const two = await connectPerson(b, 'ann', { referenceId: 'two' });
  const ref = await refOf(b, one);
  let meet = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  let arrived = 0;
  // Both have looked at what else is connected before either of them deletes anything.
  const transaction: typeof b.store.transaction = async (work) => {
    arrived += 1;
    if (arrived === 2) meet();
    await met;
    return b.store.transaction(work);
  };
  const disconnect = createDisconnectService({ ...b, store: { ...b.store, transaction } });
  await Promise.all([one, two].map((userId) => disconnect.byUserId(b.environment, userId)));
  expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toBeUndefined();
  b.clock.advance(61_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.revoked).toEqual(['ann']);
});

test('an access token that ran out is renewed before it is used to revoke', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  b.clock.advance(7_200_000);
  await b.disconnect.byUserId(b.environment, userId);
  expect(b.provider.requestsTo('/token')).toHaveLength(2);
  expect(b.provider.revoked).toEqual(['ann']);
});

test('a grant that the provider ended is not revoked again', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  await b.store.accounts.setState(await refOf(b, userId), 'needs_reconnecting');
  await b.disconnect.byUserId(b.environment, userId);
  expect(b.provider.requestsTo('/revoke')).toHaveLength(0);
  expect((await b.events()).at(-1)).toMatchObject({ type: 'deauth' });
});

test('a provider that is away blocks nothing; the revoke is tried again until it succeeds', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  b.provider.trouble('/revoke', { status: 503 }, { drop: 'before' });
  await b.disconnect.byUserId(b.environment, userId);
  expect(await b.store.connections.byUserId(b.environment.id, userId)).toBeUndefined();
  expect((await b.events()).at(-1)).toMatchObject({ type: 'deauth' });
  await b.disconnect.retryRevokes();
  expect(b.provider.requestsTo('/revoke')).toHaveLength(1);
  b.clock.advance(61_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.requestsTo('/revoke')).toHaveLength(2);
  expect(b.provider.revoked).toEqual([]);
  b.clock.advance(600_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.revoked).toEqual(['ann']);
  b.clock.advance(86_400_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.requestsTo('/revoke')).toHaveLength(3);
});

test('after 24 hours a revoke is given up, loudly', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  b.provider.trouble('/revoke', ...Array(60).fill({ status: 500 }));
  await b.disconnect.byUserId(b.environment, userId);
  for (let hour = 0; hour < 30; hour += 1) {
    b.clock.advance(3_600_000);
    await b.disconnect.retryRevokes();
  }
  const tries = b.provider.requestsTo('/revoke').length;
  expect(tries).toBeGreaterThan(5);
  b.clock.advance(86_400_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.requestsTo('/revoke')).toHaveLength(tries);
  expect(b.logged.some((line) => String(line.message).includes('could not be revoked'))).toBe(true);
});

test('a revoke still open is dropped when the person connects again', async () => {
  const b = await bench();
  const userId = await connectPerson(b, 'ann');
  b.provider.trouble('/revoke', { status: 503 });
  await b.disconnect.byUserId(b.environment, userId);
  const next = await connectPerson(b, 'ann');
  b.clock.advance(120_000);
  await b.disconnect.retryRevokes();
  expect(b.provider.revoked).toEqual([]);
  expect(await b.refresh.token(await refOf(b, next))).toHaveProperty('accessToken');
});

test('data that waits for delivery is cancelled, the deauth is delivered', async () => {
  const b = await bench();
  await b.store.destinations.create({
    environmentId: b.environment.id,
    type: 'webhook',
    config: {},
    display: {},
    eventTypes: undefined,
    ordered: false,
    secret: undefined,
    timeoutMs: 8000,
    concurrency: 1,
    maxAttempts: 10,
    now: b.clock.now(),
  });
  const userId = await connectPerson(b, 'ann');
  const connection = await b.store.connections.byUserId(b.environment.id, userId);
  await b.store.transaction((tx) =>
    announce(tx, b.clock, b.environment.id, {
      type: 'sleep',
      isData: true,
      connectionId: connection?.id,
      body: { type: 'sleep', data: [] },
    }),
  );
  await b.disconnect.byUserId(b.environment, userId);
  const deliveries = await b.store.deliveries.list(b.environment.id, { limit: 10 });
  expect(deliveries.filter((row) => row.state === 'pending')).toHaveLength(2);
  expect((await b.events()).map((event) => event.type)).toEqual(['auth', 'deauth']);
});
