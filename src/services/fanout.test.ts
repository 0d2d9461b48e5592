import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DeliveryRig, deliveryRig } from '../../test/harness/delivery-rig.ts';
import type { DestinationRow } from '../core/destination.ts';
import { isUuid } from '../lib/ids.ts';

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await deliveryRig();
});
afterAll(() => rig.close());
beforeEach(async () => {
  for (const row of await rig.store.destinations.list(rig.environment.id)) {
    await rig.store.destinations.remove(rig.environment.id, row.id);
  }
  await rig.store.environments.saveSettings(rig.environment.id, rig.environment.settings);
});

function add(more: Partial<DestinationRow> = {}): Promise<DestinationRow> {
  return rig.addDestination('https://example.org/hook', more);
}

async function deliveriesOf(eventId: string) {
  return rig.store.deliveries.ofEvent(rig.environment.id, eventId);
}

async function laneOf(deliveryId: string): Promise<{ lane: string; after: string | null }> {
  const { rows } = await rig.database.pool.query(
    'select lane_id as lane, after_id as after from deliveries where id = $1',
    [deliveryId],
  );
  return rows[0];
}

const sleep = { type: 'sleep' as const, isData: true, body: { type: 'sleep', data: [] } };

describe('an event', () => {
  test('is stored without destinations too', async () => {
    const event = await rig.announce({ type: 'auth', body: { type: 'auth', status: 'success' } });
    expect(await rig.store.events.body(rig.environment.id, event.id)).toBe('{"type":"auth","status":"success"}');
    expect(await deliveriesOf(event.id)).toEqual([]);
  });

  test('has a reference of its own unless it belongs to a request', async () => {
    const [one, other] = [await rig.announce({ type: 'auth' }), await rig.announce({ type: 'auth' })];
    expect(isUuid(one.reference)).toBe(true);
    expect(one.reference).not.toBe(other.reference);
    const asked = await rig.announce({ type: 'auth', reference: 'the-request' });
    expect(asked.reference).toBe('the-request');
  });

  test('rolls back with what caused it', async () => {
    await add();
    const before = (await rig.store.events.list(rig.environment.id, { limit: 200 })).length;
    const { announce } = await import('./fanout.ts');
    const work = rig.store.transaction(async (tx) => {
      await announce(tx, rig.clock, rig.environment.id, {
        type: 'auth',
        isData: false,
        connectionId: undefined,
        body: {},
      });
      throw new Error('the cause failed');
    });
    await expect(work).rejects.toThrow('the cause failed');
    expect(await rig.store.events.list(rig.environment.id, { limit: 200 })).toHaveLength(before);
  });
});

describe('deliveries', () => {
  test('are made for active destinations that want the type, due at once, each with a trace id', async () => {
    const all = await add();
    const sleeps = await add({ eventTypes: ['sleep'] });
    const off = await add();
    await rig.store.destinations.update(rig.environment.id, off.id, { active: false });
    const connection = await rig.addConnection();
    const auth = await deliveriesOf((await rig.announce({ type: 'auth' })).id);
    expect(auth.map((row) => row.destinationId)).toEqual([all.id]);
    const data = await deliveriesOf((await rig.announce({ ...sleep, connectionId: connection.id })).id);
    expect(data.map((row) => row.destinationId).toSorted()).toEqual([all.id, sleeps.id].toSorted());
    expect(new Set([...auth, ...data].map((row) => row.traceId)).size).toBe(3);
    expect(data.every((row) => row.dueAt.getTime() === rig.clock.now().getTime())).toBe(true);
  });

  test('are not made for data types that the environment switched off; everything else still goes out', async () => {
    await add();
    const { id, settings } = rig.environment;
    await rig.store.environments.saveSettings(id, { ...settings, data_types: ['daily'] });
    const connection = await rig.addConnection();
    const data = await rig.announce({ ...sleep, connectionId: connection.id });
    const auth = await rig.announce({ type: 'auth', connectionId: connection.id });
    expect([(await deliveriesOf(data.id)).length, (await deliveriesOf(auth.id)).length]).toEqual([0, 1]);
  });

  test('of one destination share its lane; of an ordered one each connection has a lane', async () => {
    const plain = await add({ eventTypes: ['sleep'] });
    const ordered = await add({ ordered: true, eventTypes: ['sleep'] });
    const [one, other] = [await rig.addConnection(), await rig.addConnection()];
    const lanes: Record<string, Set<string>> = {};
    for (const connection of [one, one, other]) {
      const event = await rig.announce({ ...sleep, connectionId: connection.id });
      for (const row of await deliveriesOf(event.id)) {
        const { lane } = await laneOf(row.id);
        lanes[row.destinationId] = (lanes[row.destinationId] ?? new Set()).add(lane);
      }
    }
    expect(lanes[plain.id]).toEqual(new Set([plain.id]));
    expect(lanes[ordered.id]?.size).toBe(2);
    expect(lanes[ordered.id]?.has(ordered.id)).toBe(false);
  });

  test('of the chunks of a request share a beginning at each destination and count', async () => {
    await Promise.all([add(), add()]);
    const connection = await rig.addConnection();
    const traces: string[][] = [];
    for (const chunk of [1, 2]) {
      const event = await rig.announce({ ...sleep, connectionId: connection.id, reference: 'one-request', chunk });
      traces.push((await deliveriesOf(event.id)).map((row) => row.traceId));
    }
    for (const [n, ofChunk] of traces.entries()) {
      expect(ofChunk.every((trace) => trace.endsWith(`:chunk:${n + 1}`))).toBe(true);
    }
    expect(new Set(traces.flat()).size).toBe(4);
    expect(new Set(traces.flat().map((trace) => trace.split(':chunk:')[0])).size).toBe(2);
  });
});

describe('what comes first', () => {
  test('is the delivery of the event named, to the same destination', async () => {
    const both = await add();
    const authOnly = await add({ eventTypes: ['auth'] });
    const connection = await rig.addConnection();
    const first = await rig.announce({ type: 'user_reauth', connectionId: connection.id });
    const second = await rig.announce({ type: 'auth', connectionId: connection.id, afterEventId: first.id });
    const [gate] = await deliveriesOf(first.id);
    for (const row of await deliveriesOf(second.id)) {
      const { after } = await laneOf(row.id);
      expect(after).toBe(row.destinationId === both.id ? gate?.id : null);
    }
    expect(authOnly.id).not.toBe(both.id);
  });

  test('is for data the pending auth event of its connection, and of no other', async () => {
    await add();
    const [one, other] = [await rig.addConnection(), await rig.addConnection()];
    const auth = await rig.announce({ type: 'auth', connectionId: one.id });
    const [gate] = await deliveriesOf(auth.id);
    const [waiting] = await deliveriesOf((await rig.announce({ ...sleep, connectionId: one.id })).id);
    const [free] = await deliveriesOf((await rig.announce({ ...sleep, connectionId: other.id })).id);
    expect((await laneOf(waiting?.id ?? '')).after).toBe(gate?.id);
    expect((await laneOf(free?.id ?? '')).after).toBeNull();
  });
});
