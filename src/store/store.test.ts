import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { newAccount, newEvent, seedDestination, seedEnvironment } from '../../test/harness/seed.ts';
import { storeOn, type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('transactions', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  test('what a transaction does is seen by others when it ends, all or nothing', async () => {
    const { id } = await seedEnvironment(on);
    await on.store.transaction(async (tx) => {
      const account = await tx.accounts.upsert(newAccount(id, on.clock.now()));
      expect(await tx.accounts.byId(id, account.id)).toEqual(account);
      expect(await on.store.accounts.byId(id, account.id)).toBeUndefined();
    });
    const failing = on.store.transaction(async (tx) => {
      await tx.events.append(id, newEvent(on.clock.now()));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await on.store.events.list(id, { limit: 1 })).toEqual([]);
  });

  test('lanes and tasks are part of the transaction', async () => {
    const { id } = await seedEnvironment(on);
    const laneId = randomUUID();
    const both = (fail: boolean) =>
      on.store.transaction(async (tx) => {
        await tx.tasks.add('backfill', { laneId });
        await tx.lanes.wake('normalise', id, [laneId], on.clock.now());
        if (fail) throw new Error('no');
      });
    const lanes = async () => (await on.pool.query('select from lanes where lane_id = $1', [laneId])).rows.length;
    const tasks = async () =>
      (await on.pool.query(`select from graphile_worker._private_jobs where payload->>'laneId' = $1`, [laneId])).rows
        .length;
    await expect(both(true)).rejects.toThrow('no');
    expect([await lanes(), await tasks()]).toEqual([0, 0]);
    await both(false);
    expect([await lanes(), await tasks()]).toEqual([1, 1]);
  });

  test('a deadlock is solved by running one of the two again', async () => {
    const { id } = await seedEnvironment(on);
    const [one, two] = [await seedDestination(on, id), await seedDestination(on, id)];
    let runs = 0;
    let paused = 0;
    let meet: () => void = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const crossing = (first: string, second: string) =>
      on.store.transaction(async (tx) => {
        runs += 1;
        await tx.destinations.pause(id, first, on.clock.now());
        paused += 1;
        if (paused === 2) meet();
        await met;
        await tx.destinations.pause(id, second, on.clock.now());
      });
    await Promise.all([crossing(one.id, two.id), crossing(two.id, one.id)]);
    expect(runs).toBeGreaterThanOrEqual(3); // a server under load may choose both as victims
  });

  test('other failures are not run again', async () => {
    let runs = 0;
    const failing = on.store.transaction(async (tx) => {
      runs += 1;
      await tx.environments.byId(randomUUID());
      throw new Error('once');
    });
    await expect(failing).rejects.toThrow('once');
    expect(runs).toBe(1);
  });

  test('a database that does not answer is unavailable, not a bug', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'x', database: 'x' });
    const store = storeOn({ pool }, on.masterKeys);
    await expect(store.environments.list()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.transaction((tx) => tx.environments.list())).rejects.toMatchObject({ code: 'unavailable' });
    await pool.end();
  });

  test('a connection that breaks in a transaction fails that transaction only', async () => {
    const broken = on.store.transaction(async (tx) => {
      await tx.environments.list();
      await on.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      );
      await tx.environments.list();
    });
    await expect(broken).rejects.toMatchObject({ code: 'unavailable' });
    expect((await seedEnvironment(on)).name).toBe('My app');
  });

  test('errors of the database do not quote rows', async () => {
    const { id } = await seedEnvironment(on);
    const account = newAccount(id, on.clock.now(), { providerUserId: 'ada@example.org', transport: 'wrong' as 'live' });
    const error = await on.store.accounts.upsert(account).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(pg.DatabaseError);
    const { message, detail, where } = error as pg.DatabaseError;
    expect(JSON.stringify({ message, detail, where })).not.toContain('ada@');
  });
});
