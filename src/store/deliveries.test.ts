import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
import type { DestinationRow } from '../core/destination.ts';
import type { LaneLease } from '../core/lanes.ts';
import type { DeliveryResult } from '../core/store.ts';
import { createLaneQueue } from '../queue/lanes.ts';

onEachServer('deliveries', (server) => {
  let on: TestStore;
  let environmentId: string;
  let destination: DestinationRow;
  let lease: LaneLease;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());
  beforeEach(async () => {
    environmentId = (await seedEnvironment(on)).id;
    destination = await seedDestination(on, environmentId);
    lease = await leaseLane(on, 'deliver', environmentId, destination.id);
  });

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);
  const seed = (more: Parameters<typeof newEvent>[1] = {}, delivery: Parameters<typeof newDelivery>[2] = {}) =>
    seedDelivery(on.store, destination, newEvent(on.clock.now(), more), delivery);
  const dueIds = async (options: { at?: Date; limit?: number; inFlight?: string[]; ordered?: boolean } = {}) => {
    const { at = on.clock.now(), limit = 10, inFlight = [], ordered = false } = options;
    return (await on.store.deliveries.due(lease, at, limit, inFlight, ordered)).map((row) => row.id);
  };
  const result = (id: string, more: Partial<DeliveryResult> = {}): DeliveryResult => ({
    environmentId,
    id,
    connectionId: undefined,
    at: on.clock.now(),
    state: 'delivered',
    dueAt: on.clock.now(),
    outcome: 'delivered',
    status: 200,
    reason: undefined,
    responseText: undefined,
    durationMs: 12,
    ...more,
  });
  const failed = (id: string, more: Partial<DeliveryResult> = {}) =>
    result(id, {
      state: 'pending',
      outcome: 'retry',
      status: 503,
      reason: 'status 503',
      dueAt: later(30_000),
      ...more,
    });
  const row = async (id: string) =>
    (await on.store.deliveries.list(environmentId, { limit: 50 })).find((one) => one.id === id);

  test('a due delivery comes with everything that sending needs', async () => {
    const connection = await seedConnection(on, environmentId);
    const event = newEvent(on.clock.now(), {
      type: 'sleep',
      isData: true,
      connectionId: connection.id,
      body: '{"data":[1]}',
      orderingTimestamp: 1_772_366_400_123,
    });
    const appended = await on.store.events.append(environmentId, event);
    const wanted = newDelivery(appended, destination);
    const [id] = await on.store.deliveries.create(environmentId, [wanted]);
    expect(await on.store.deliveries.due(lease, on.clock.now(), 10, [], false)).toEqual([
      {
        environmentId,
        id,
        eventId: appended.id,
        destinationId: destination.id,
        traceId: wanted.traceId,
        attempts: 0,
        type: 'sleep',
        isData: true,
        connectionId: connection.id,
        reference: event.reference,
        orderingTimestamp: 1_772_366_400_123,
        body: Buffer.from('{"data":[1]}'),
        frozen: undefined,
      },
    ]);
  });

  test('rows are due by their time, then in the order they were made, up to the limit, without those in flight', async () => {
    const [a, b, c] = [await seed(), await seed(), await seed()];
    const early = await seed({}, { dueAt: later(-5) });
    await seed({}, { dueAt: later(1) });
    expect(await dueIds()).toEqual([early, a, b, c]);
    expect(await dueIds({ limit: 2 })).toEqual([early, a]);
    expect(await dueIds({ inFlight: [a, early] })).toEqual([b, c]);
    expect(await dueIds({ at: later(1) })).toHaveLength(5);
  });

  test('only rows of the leased lane are due', async () => {
    await seedDelivery(on.store, await seedDestination(on, environmentId), newEvent(on.clock.now()));
    expect(await dueIds()).toEqual([]);
  });

  test('ids come back in the order of what was asked', async () => {
    const event = await on.store.events.append(environmentId, newEvent(on.clock.now()));
    const wanted = Array.from({ length: 20 }, () => newDelivery(event, destination));
    const ids = await on.store.deliveries.create(environmentId, wanted);
    expect(ids).toEqual([...ids].sort());
    const rows = await on.store.deliveries.ofEvent(environmentId, event.id);
    expect(rows.map((one) => [one.id, one.traceId])).toEqual(ids.map((id, index) => [id, wanted[index]?.traceId]));
    expect(await on.store.deliveries.create(environmentId, [])).toEqual([]);
  });

  test('a delivery of an event that does not exist is not made', async () => {
    const event = await on.store.events.append(environmentId, newEvent(on.clock.now()));
    const ghost = { ...newDelivery(event, destination), eventId: randomUUID() };
    expect(await on.store.deliveries.create(environmentId, [ghost])).toEqual([]);
    const { id: other } = await seedEnvironment(on);
    expect(await on.store.deliveries.create(other, [newDelivery(event, destination)])).toEqual([]);
  });

  test('a follower waits until its predecessor is ended, or 60 s after its first attempt', async () => {
    const first = await seed();
    const second = await seed({}, { afterId: first });
    expect(await dueIds()).toEqual([first]);
    expect(await dueIds({ inFlight: [first] })).toEqual([]);
    await on.store.deliveries.complete(lease, [failed(first)]);
    expect(await dueIds({ at: later(59_999) })).toEqual([first]);
    expect(await dueIds({ at: later(60_000) })).toEqual([second, first]);
    await on.store.deliveries.complete(lease, [result(first, { state: 'dead', outcome: 'rejected' })]);
    expect(await dueIds()).toEqual([second]);
  });

  test('in an ordered lane only the head goes, and while it waits nothing goes', async () => {
    const [head, next] = [await seed(), await seed()];
    expect(await dueIds({ ordered: true })).toEqual([head]);
    expect(await dueIds({ ordered: true, inFlight: [head] })).toEqual([]);
    await on.store.deliveries.complete(lease, [failed(head)]);
    expect(await dueIds({ ordered: true })).toEqual([]);
    expect(await dueIds({ ordered: true, at: later(30_000) })).toEqual([head]);
    await on.store.deliveries.complete(lease, [result(head)]);
    expect(await dueIds({ ordered: true })).toEqual([next]);
  });

  test('nothing is due while the destination is paused or switched off', async () => {
    const id = await seed();
    await on.store.destinations.pause(environmentId, destination.id, later(10));
    expect(await dueIds({ at: later(9) })).toEqual([]);
    expect(await dueIds({ at: later(9), ordered: true })).toEqual([]);
    expect(await dueIds({ at: later(10) })).toEqual([id]);
    await on.store.destinations.pause(environmentId, destination.id, undefined);
    expect(await dueIds()).toEqual([id]);
    await on.store.destinations.update(environmentId, destination.id, { active: false });
    expect(await dueIds()).toEqual([]);
    expect(await on.store.deliveries.waitingLanes(environmentId, destination.id)).toEqual([destination.id]);
  });

  test('bodies of many connections and of the environment are opened together', async () => {
    const bodies: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      const { id: connectionId } = await seedConnection(on, environmentId);
      bodies.push(`{"of":"${name}"}`);
      await seed({ type: 'daily', isData: true, connectionId, body: `{"of":"${name}"}` });
    }
    await seed({ body: '{"of":"auth"}' });
    const rows = await on.store.deliveries.due(lease, on.clock.now(), 10, [], false);
    expect(rows.map((one) => one.body?.toString())).toEqual([...bodies, '{"of":"auth"}']);
  });

  test('a body that was swapped is lost, and holds up nobody else', async () => {
    const [one, two] = [await seed({ body: '{"a":1}' }), await seed({ body: '{"b":2}' })];
    await on.pool.query(
      `update events b set body = a.body from events a, deliveries da, deliveries db
       where da.id = $1 and a.id = da.event_id and db.id = $2 and b.id = db.event_id`,
      [one, two],
    );
    const rows = await on.store.deliveries.due(lease, on.clock.now(), 10, [], false);
    expect(rows.map((row) => row.body?.toString())).toEqual(['{"a":1}', undefined]);
  });

  describe('what first attempts were frozen with', () => {
    const user = '{"user_id":"u1"}';
    async function frozenPair() {
      const { id: connectionId } = await seedConnection(on, environmentId);
      const ids = [
        await seed({ type: 'sleep', isData: true, connectionId }),
        await seed({ type: 'daily', isData: true, connectionId }),
      ] as const;
      const deliveries = ids.map((id) => ({ id, connectionId }));
      const users = new Map([[connectionId, user]]);
      const batch = await on.store.deliveries.freeze(lease, { environmentId, deliveries, users });
      return { connectionId, ids, batch };
    }
    const frozen = async () => {
      const rows = await on.store.deliveries.due(lease, on.clock.now(), 10, [], false);
      return rows.map((one) => [one.id, one.frozen]);
    };
    const batches = async () =>
      (await on.pool.query('select users from frozen_batches where lane_id = $1', [lease.laneId])).rows;

    test('comes back when the worker ended before it recorded anything', async () => {
      const { ids } = await frozenPair();
      expect(JSON.stringify(await batches())).not.toContain(Buffer.from('user_id').toString('hex'));
      expect(await frozen()).toEqual(ids.map((id) => [id, user]));
      expect(await batches()).toEqual([]);
      expect(await frozen()).toEqual(ids.map((id) => [id, user]));
    });

    test('goes to the row of what failed, and away with the last result', async () => {
      const { ids, batch, connectionId } = await frozenPair();
      const [one, two] = ids;
      await on.store.deliveries.complete(lease, [failed(one, { connectionId, frozen: user, dueAt: on.clock.now() })]);
      expect(await batches()).toHaveLength(1);
      await on.store.deliveries.complete(lease, [result(two, { connectionId })], [batch]);
      expect(await batches()).toEqual([]);
      expect(await frozen()).toEqual([[one, user]]);
      const { rows } = await on.pool.query('select frozen from deliveries where id = $1', [one]);
      expect(rows[0].frozen.includes('user_id')).toBe(false);
    });

    test('is not replaced by a later note', async () => {
      const { ids, connectionId } = await frozenPair();
      const [one] = ids;
      await on.store.deliveries.complete(lease, [
        failed(one, { connectionId, frozen: '{"first":1}', dueAt: on.clock.now() }),
      ]);
      expect((await frozen()).find(([id]) => id === one)).toEqual([one, '{"first":1}']);
    });

    test('is erased with its connection', async () => {
      const { connectionId } = await frozenPair();
      await on.store.connections.delete(environmentId, connectionId);
      expect(await frozen()).toEqual([]);
      expect(await batches()).toEqual([]);
    });

    test('stays with whoever holds the lease', async () => {
      const { ids, batch, connectionId } = await frozenPair();
      const lost = { ...lease, token: 'of another time' };
      await on.store.deliveries.complete(lost, [result(ids[0], { connectionId })], [batch]);
      await on.store.deliveries.due(lost, on.clock.now(), 10, [], false);
      expect(await batches()).toHaveLength(1);
    });
  });

  test('an attempt starts the clock of the followers', async () => {
    const auth = await seed();
    const follower = await seed({}, { afterId: auth });
    await on.store.deliveries.complete(lease, [failed(auth)]);
    expect(await dueIds({ at: later(59_999), inFlight: [auth] })).toEqual([]);
    expect(await dueIds({ at: later(60_000), inFlight: [auth] })).toEqual([follower]);
  });

  test('a result moves the delivery on and leaves an attempt', async () => {
    const id = await seed();
    await on.store.deliveries.complete(lease, [failed(id, { responseText: 'try later' })]);
    expect(await row(id)).toMatchObject({
      state: 'pending',
      attempts: 1,
      dueAt: later(30_000),
      deliveredAt: undefined,
      lastReason: 'status 503',
    });
    on.clock.advance(30_000);
    await on.store.deliveries.complete(lease, [result(id, { responseText: 'thanks' })]);
    expect(await row(id)).toMatchObject({
      state: 'delivered',
      attempts: 2,
      deliveredAt: on.clock.now(),
      lastReason: undefined,
    });
    expect(await on.store.deliveries.attempts(environmentId, [id])).toEqual([
      {
        deliveryId: id,
        number: 1,
        at: later(-30_000),
        outcome: 'retry',
        status: 503,
        reason: 'status 503',
        responseText: 'try later',
        durationMs: 12,
      },
      {
        deliveryId: id,
        number: 2,
        at: on.clock.now(),
        outcome: 'delivered',
        status: 200,
        reason: undefined,
        responseText: 'thanks',
        durationMs: 12,
      },
    ]);
    const stored = await on.pool.query('select response_text from attempts where delivery_id = $1', [id]);
    expect(stored.rows.some((one) => one.response_text.includes('thanks'))).toBe(false);
  });

  test('a batch of results is recorded as one', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => seed()));
    await on.store.deliveries.complete(
      lease,
      ids.map((id, index) => (index % 2 ? failed(id) : result(id))),
    );
    const rows = await on.store.deliveries.list(environmentId, { limit: 100 });
    expect(rows.filter((one) => one.state === 'delivered')).toHaveLength(15);
    expect(rows.filter((one) => one.state === 'pending' && one.attempts === 1)).toHaveLength(15);
    expect(await on.store.deliveries.attempts(environmentId, ids)).toHaveLength(30);
  });

  test('a final delivery is left alone', async () => {
    const id = await seed();
    await on.store.deliveries.complete(lease, [result(id)]);
    await on.store.deliveries.complete(lease, [failed(id)]);
    expect(await row(id)).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(await on.store.deliveries.attempts(environmentId, [id])).toHaveLength(1);
  });

  test('a worker that lost its lease writes nothing', async () => {
    const id = await seed();
    on.clock.advance(120_000);
    const [taken] = (await createLaneQueue(on.pool).claim('deliver', on.clock.now(), 60_000, 1_000)).filter(
      (one) => one.laneId === destination.id,
    );
    await on.store.deliveries.freeze(lease, { environmentId, deliveries: [], users: new Map() });
    expect((await on.pool.query('select from frozen_batches where lane_id = $1', [lease.laneId])).rows).toEqual([]);
    await on.store.deliveries.complete(lease, [result(id)]);
    expect(await row(id)).toMatchObject({ state: 'pending', attempts: 0 });
    expect((await on.store.deliveries.due(lease, on.clock.now(), 1, [], false))[0]?.frozen).toBeUndefined();
    await on.store.deliveries.complete(taken as LaneLease, [result(id)]);
    expect(await row(id)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  test('a lease on one lane writes no row of another', async () => {
    const other = await seedDestination(on, environmentId);
    const id = await seedDelivery(on.store, other, newEvent(on.clock.now()));
    await on.store.deliveries.complete(lease, [result(id)]);
    expect(await row(id)).toMatchObject({ state: 'pending', attempts: 0 });
  });

  test('a disconnect cancels the pending data of that connection only', async () => {
    const [{ id: mine }, { id: other }] = [
      await seedConnection(on, environmentId),
      await seedConnection(on, environmentId),
    ];
    const done = await seed({ type: 'sleep', isData: true, connectionId: mine });
    await on.store.deliveries.complete(lease, [result(done)]);
    const waiting = await seed({ type: 'sleep', isData: true, connectionId: mine });
    const auth = await seed({ connectionId: mine });
    const others = await seed({ type: 'sleep', isData: true, connectionId: other });
    const { id: foreign } = await seedEnvironment(on);
    expect(await on.store.deliveries.cancelOfConnection(foreign, mine)).toBe(0);
    expect(await on.store.deliveries.cancelOfConnection(environmentId, mine)).toBe(1);
    expect((await row(waiting))?.state).toBe('cancelled');
    expect((await row(done))?.state).toBe('delivered');
    expect(await dueIds()).toEqual([auth, others]);
  });

  test('deliveries list newest first by what is asked, in their environment', async () => {
    const [a, b, c] = [await seed(), await seed(), await seed()];
    await on.store.deliveries.complete(lease, [result(b)]);
    const list = async (filter: Omit<Parameters<typeof on.store.deliveries.list>[1], 'limit'>) =>
      (await on.store.deliveries.list(environmentId, { limit: 10, ...filter })).map((one) => one.id);
    expect(await list({})).toEqual([c, b, a]);
    expect(await list({ before: c })).toEqual([b, a]);
    expect(await list({ state: 'delivered' })).toEqual([b]);
    expect(await list({ eventId: (await row(a))?.eventId })).toEqual([a]);
    expect(await list({ destinationId: randomUUID() })).toEqual([]);
    expect(await list({ destinationId: 'not-a-uuid' })).toEqual([]);
    const { id: other } = await seedEnvironment(on);
    expect(await on.store.deliveries.list(other, { limit: 10 })).toEqual([]);
    expect(await on.store.deliveries.attempts(other, [b])).toEqual([]);
    expect(await on.store.deliveries.waitingLanes(other, destination.id)).toEqual([]);
  });
});
