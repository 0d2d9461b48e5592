import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import {
  leaseLane,
  newEvent,
  newPayload,
  newRaw,
  seedConnection,
  seedDelivery,
  seedDestination,
  seedEnvironment,
} from '../../test/harness/seed.ts';
import { storeOn, type TestStore, testStore } from '../../test/harness/store.ts';
import type { Connection } from '../core/connection.ts';
import type { DestinationRow } from '../core/destination.ts';

const TABLES = ['raw_records', 'payloads', 'payload_sources', 'events', 'deliveries', 'connections'];

onEachServer('erasure of a connection', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  /** A connection with one of everything that is kept of it. */
  async function seedWhole(environmentId: string, destination: DestinationRow) {
    const connection = await seedConnection(on, environmentId, 'runner-7');
    const { id: connectionId } = connection;
    const [rawId = ''] = await on.store.raw.put(environmentId, [newRaw(connectionId, on.clock.now())]);
    await on.store.lanes.wake('normalise', environmentId, [connectionId], on.clock.now());
    await on.store.payloads.upsert(environmentId, newPayload(connectionId, on.clock.now(), { sources: [rawId] }));
    const auth = await seedDelivery(on.store, destination, newEvent(on.clock.now(), { connectionId }));
    const data = newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId, body: '{"asleep":1}' });
    const dataId = await seedDelivery(on.store, destination, data, { afterId: auth });
    return { connection, auth, data: dataId };
  }

  async function count(table: string, connection: Connection): Promise<number> {
    const column = { connections: 'id', deliveries: 'event_id', events: 'connection_id' }[table] ?? 'connection_id';
    const among =
      table === 'deliveries' ? '(select id from events where connection_id = $1 and is_data)' : '(select $1::uuid)';
    const data = table === 'events' ? 'and is_data' : '';
    const text = `select count(*)::int as n from ${table} where ${column} in ${among} ${data}`;
    return (await on.pool.query(text, [connection.id])).rows[0].n;
  }

  test('deleting it removes its data, its key and nothing else', async () => {
    const { id } = await seedEnvironment(on);
    const destination = await seedDestination(on, id);
    const [gone, kept] = [await seedWhole(id, destination), await seedWhole(id, destination)];
    const lease = await leaseLane(on, 'deliver', id, destination.id);
    const frozen = '{"user_id":"u"}';
    const deliveries = [{ id: gone.data, connectionId: gone.connection.id }];
    const users = new Map([[gone.connection.id, frozen]]);
    await on.store.deliveries.freeze(lease, { environmentId: id, deliveries, users });
    await on.store.deliveries.complete(lease, [
      {
        environmentId: id,
        id: gone.data,
        connectionId: gone.connection.id,
        frozen,
        at: on.clock.now(),
        state: 'pending',
        dueAt: on.clock.now(),
        outcome: 'retry',
        status: 500,
        reason: 'status 500',
        responseText: 'oops',
        durationMs: 1,
      },
    ]);
    await on.store.connections.delete(id, gone.connection.id);

    for (const table of TABLES) {
      expect([table, await count(table, gone.connection)]).toEqual([table, 0]);
      expect([table, await count(table, kept.connection)]).toEqual([table, 1]);
    }
    expect(await on.store.deliveries.attempts(id, [gone.data])).toEqual([]);
    const keys = await on.pool.query('select from vault_keys where owner_id = $1', [gone.connection.id]);
    expect(keys.rows).toHaveLength(0);
    const lanes = await on.pool.query(`select lane_id from lanes where kind = 'normalise' and environment_id = $1`, [
      id,
    ]);
    expect(lanes.rows).toEqual([{ lane_id: kept.connection.id }]);
    const due = await on.store.deliveries.due(lease, on.clock.now(), 10, [], false);
    expect(due.map((row) => [row.id, row.body?.toString()])).toEqual([
      [gone.auth, '{"status":"success"}'],
      [kept.auth, '{"status":"success"}'],
    ]);
    const left = await on.store.events.list(id, { limit: 10, connectionId: gone.connection.id });
    expect(left.map((event) => event.type)).toEqual(['auth']);
  });

  test('rows copied before the deletion cannot be opened after it, here or in another process', async () => {
    const { id } = await seedEnvironment(on);
    const destination = await seedDestination(on, id);
    const { connection } = await seedWhole(id, destination);
    const connectionId = connection.id;
    const lane = await leaseLane(on, 'normalise', id, connectionId);
    const [data] = await on.store.events.list(id, { limit: 1, type: 'sleep', connectionId });
    const tables = ['raw_records', 'payloads', 'events', 'deliveries', 'connections', 'lanes'];
    for (const table of tables) {
      await on.pool.query(`create table copied_${table} as select * from ${table} where environment_id = '${id}'`);
    }
    await on.store.connections.delete(id, connectionId);
    for (const table of tables) {
      await on.pool.query(`insert into ${table} select * from copied_${table} on conflict do nothing`);
    }
    for (const store of [on.store, storeOn(on, on.masterKeys)]) {
      expect(await store.events.body(id, data?.id ?? '')).toBeUndefined();
      expect(await store.raw.waiting(lane, on.clock.now(), 10)).toEqual([]);
      expect(await store.payloads.list(id, { connectionId, type: 'sleep', withSamples: true })).toEqual([]);
    }
  });

  test('a delivery whose key is gone comes without a body', async () => {
    const { id } = await seedEnvironment(on);
    const destination = await seedDestination(on, id);
    const { id: connectionId } = await seedConnection(on, id);
    const event = newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId });
    const delivery = await seedDelivery(on.store, destination, event);
    await on.pool.query('delete from vault_keys where owner_id = $1', [connectionId]);
    const lease = await leaseLane(on, 'deliver', id, destination.id);
    const due = await storeOn(on, on.masterKeys).deliveries.due(lease, on.clock.now(), 10, [], false);
    expect(due.map((row) => [row.id, row.body?.toString()])).toEqual([[delivery, undefined]]);
  });

  test('a deletion that is rolled back leaves everything readable', async () => {
    const { id } = await seedEnvironment(on);
    const destination = await seedDestination(on, id);
    const { connection } = await seedWhole(id, destination);
    const failing = on.store.transaction(async (tx) => {
      await tx.connections.delete(id, connection.id);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const filter = { connectionId: connection.id, type: 'sleep' as const, withSamples: true };
    expect(await on.store.payloads.list(id, filter)).toHaveLength(1);
  });
});
