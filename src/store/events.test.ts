import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import {
  leaseLane,
  newDelivery,
  newEvent,
  seedConnection,
  seedDelivery,
  seedDestination,
  seedEnvironment,
} from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('events', (server) => {
  let on: TestStore;
  let environmentId: string;
  beforeAll(async () => {
    on = await testStore(server);
    environmentId = (await seedEnvironment(on)).id;
  });
  afterAll(() => on.close());

  test('an event comes back as it was appended, its body byte for byte', async () => {
    const { id: connectionId } = await seedConnection(on, environmentId);
    const body = `{"name":"Zoë 🏃","long":"${'x'.repeat(5_000)}"}`;
    const event = newEvent(on.clock.now(), {
      type: 'sleep',
      isData: true,
      connectionId,
      body,
      orderingTimestamp: 1_772_366_400_123,
    });
    const made = await on.store.events.append(environmentId, event);
    expect(made.bytes).toBe(Buffer.byteLength(body));
    expect(await on.store.events.byId(environmentId, made.id)).toEqual(made);
    expect(made.orderingTimestamp).toBe(1_772_366_400_123);
    expect(await on.store.events.body(environmentId, made.id)).toBe(body);
  });

  test('a foreign environment sees nothing of it', async () => {
    const made = await on.store.events.append(environmentId, newEvent(on.clock.now()));
    const { id: other } = await seedEnvironment(on);
    expect(await on.store.events.byId(other, made.id)).toBeUndefined();
    expect(await on.store.events.body(other, made.id)).toBeUndefined();
    expect(await on.store.events.list(other, { limit: 10 })).toEqual([]);
    const { id: connectionId } = await seedConnection(on, environmentId);
    const data = newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId });
    await expect(on.store.events.append(other, data)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('bodies swapped between two events do not open', async () => {
    const one = await on.store.events.append(environmentId, newEvent(on.clock.now(), { body: '{"a":1}' }));
    const two = await on.store.events.append(environmentId, newEvent(on.clock.now(), { body: '{"b":2}' }));
    await on.pool.query('update events b set body = a.body from events a where a.id = $1 and b.id = $2', [
      one.id,
      two.id,
    ]);
    await expect(on.store.events.body(environmentId, two.id)).rejects.toThrow();
  });

  test('events list newest first, or oldest first from a known one on, by type and connection', async () => {
    const { id } = await seedEnvironment(on);
    const { id: connectionId } = await seedConnection(on, id);
    const ids: string[] = [];
    for (const [type, isData] of [
      ['auth', false],
      ['sleep', true],
      ['daily', true],
      ['deauth', false],
    ] as const) {
      ids.push((await on.store.events.append(id, newEvent(on.clock.now(), { type, isData, connectionId }))).id);
    }
    ids.push((await on.store.events.append(id, newEvent(on.clock.now()))).id);
    const list = async (filter: Parameters<typeof on.store.events.list>[1]) =>
      (await on.store.events.list(id, filter)).map((event) => ids.indexOf(event.id));
    expect(await list({ limit: 10 })).toEqual([4, 3, 2, 1, 0]);
    expect(await list({ limit: 2, before: ids[3] })).toEqual([2, 1]);
    expect(await list({ limit: 2, after: ids[1] })).toEqual([2, 3]);
    expect(await list({ limit: 10, type: 'sleep' })).toEqual([1]);
    expect(await list({ limit: 10, connectionId })).toEqual([3, 2, 1, 0]);
    expect(await list({ limit: 10, before: 'not-a-uuid' })).toEqual([]);
  });

  test('data waits for the newest auth event that is still undelivered', async () => {
    const { id } = await seedEnvironment(on);
    const { id: connectionId } = await seedConnection(on, id);
    const destination = await seedDestination(on, id);
    const latest = () => on.store.events.latestAuth(id, connectionId);
    const append = (type: 'user_reauth' | 'auth' | 'deauth', afterEventId?: string) =>
      on.store.events.append(id, newEvent(on.clock.now(), { type, connectionId, afterEventId }));
    expect(await latest()).toBeUndefined();
    const reauth = await append('user_reauth');
    const auth = await append('auth', reauth.id);
    expect(await latest()).toBeUndefined(); // nobody wants them
    const [first, second] = await on.store.deliveries.create(id, [
      newDelivery(reauth, destination),
      newDelivery(auth, destination),
    ]);
    expect(await latest()).toBe(auth.id);
    await seedDelivery(on.store, destination, newEvent(on.clock.now(), { type: 'deauth', connectionId }));
    expect(await latest()).toBe(auth.id);
    const lease = await leaseLane(on, 'deliver', id, destination.id);
    const done = (deliveryId = '') => ({
      environmentId: id,
      id: deliveryId,
      connectionId,
      at: on.clock.now(),
      state: 'delivered' as const,
      dueAt: on.clock.now(),
      outcome: 'delivered' as const,
      status: 200,
      reason: undefined,
      responseText: undefined,
      durationMs: 1,
    });
    await on.store.deliveries.complete(lease, [done(second)]);
    expect(await latest()).toBe(reauth.id);
    await on.store.deliveries.complete(lease, [done(first)]);
    expect(await latest()).toBeUndefined();
    expect(await on.store.events.latestAuth((await seedEnvironment(on)).id, connectionId)).toBeUndefined();
  });

  test('a data event cannot be appended once its connection is gone', async () => {
    const { id: connectionId } = await seedConnection(on, environmentId);
    await on.store.connections.delete(environmentId, connectionId);
    const data = newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId });
    await expect(on.store.events.append(environmentId, data)).rejects.toMatchObject({ code: 'not_found' });
    expect(await on.store.events.body(environmentId, randomUUID())).toBeUndefined();
  });
});
