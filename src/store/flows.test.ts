import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { AuthFlow } from '../core/flow.ts';

onEachServer('flows', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);

  async function seedFlow(more: Partial<AuthFlow> = {}): Promise<AuthFlow> {
    const flow: AuthFlow = {
      environmentId: more.environmentId ?? (await seedEnvironment(on)).id,
      id: randomUUID(),
      sessionId: randomUUID(),
      provider: 'ACME',
      transport: 'sandbox',
      userId: randomUUID(),
      referenceId: 'runner-7',
      language: 'de',
      successUrl: 'https://app.example.org/ok',
      failureUrl: 'https://app.example.org/no',
      scopes: ['sleep'],
      state: 'pending',
      reason: undefined,
      createdAt: on.clock.now(),
      expiresAt: later(900_000),
      ...more,
    };
    await on.store.flows.create(flow);
    return flow;
  }

  test('a flow is found by its id, with its environment or alone', async () => {
    const flow = await seedFlow();
    expect(await on.store.flows.byId(flow.environmentId, flow.id)).toEqual(flow);
    expect(await on.store.flows.lookup(flow.id)).toEqual(flow);
    expect(await on.store.flows.byId((await seedEnvironment(on)).id, flow.id)).toBeUndefined();
    expect(await on.store.flows.lookup('not-a-uuid')).toBeUndefined();
  });

  test('of several callbacks one consumes the flow, and never again', async () => {
    const flow = await seedFlow();
    const consume = () => on.store.flows.consume(flow.environmentId, flow.id, on.clock.now());
    const taken = await Promise.all([consume(), consume(), consume(), consume()]);
    expect(taken.filter((one) => one !== undefined)).toEqual([flow]);
    expect(await consume()).toBeUndefined();
  });

  test('a foreign environment neither consumes nor ends a flow', async () => {
    const flow = await seedFlow();
    const { id: other } = await seedEnvironment(on);
    expect(await on.store.flows.consume(other, flow.id, on.clock.now())).toBeUndefined();
    expect(await on.store.flows.finish(other, flow.id, 'failed', 'x')).toBe(false);
    expect(await on.store.flows.lookup(flow.id)).toEqual(flow);
  });

  test('an ended flow cannot be consumed, and ends once', async () => {
    const flow = await seedFlow();
    const finish = (reason: string) => on.store.flows.finish(flow.environmentId, flow.id, 'failed', reason);
    const ended = await Promise.all([finish('a'), finish('b'), finish('c')]);
    expect(ended.filter(Boolean)).toHaveLength(1);
    const reason = ['a', 'b', 'c'][ended.indexOf(true)];
    expect(await on.store.flows.lookup(flow.id)).toEqual({ ...flow, state: 'failed', reason });
    expect(await on.store.flows.consume(flow.environmentId, flow.id, on.clock.now())).toBeUndefined();
  });

  test('an end that is rolled back leaves the flow to the other', async () => {
    const flow = await seedFlow();
    const failing = on.store.transaction(async (tx) => {
      await tx.flows.finish(flow.environmentId, flow.id, 'connected', undefined);
      throw new Error('the announcement failed');
    });
    await expect(failing).rejects.toThrow('the announcement failed');
    expect(await on.store.flows.finish(flow.environmentId, flow.id, 'failed', 'expired')).toBe(true);
  });

  test('expired are pending flows past their time; one in a callback gets five minutes', async () => {
    const { id } = await seedEnvironment(on);
    const old = await seedFlow({ environmentId: id, expiresAt: later(-2) });
    const older = await seedFlow({ environmentId: id, expiresAt: later(-3) });
    const inCallback = await seedFlow({ environmentId: id, expiresAt: later(-1) });
    const ended = await seedFlow({ environmentId: id, expiresAt: later(-1) });
    await seedFlow({ environmentId: id, expiresAt: later(1) });
    await on.store.flows.consume(id, inCallback.id, on.clock.now());
    await on.store.flows.finish(id, ended.id, 'connected', undefined);
    const expired = async (at: Date) =>
      (await on.store.flows.expired(at, 100)).filter((flow) => flow.environmentId === id).map((flow) => flow.id);
    expect(await expired(on.clock.now())).toEqual([older.id, old.id]);
    expect(await expired(later(0.5))).not.toContain(inCallback.id);
    expect((await expired(later(300_001))).slice(0, 3)).toEqual([older.id, old.id, inCallback.id]);
    expect(await on.store.flows.expired(on.clock.now(), 1)).toHaveLength(1);
  });
});
