import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { connect, seedAccount, seedConnection, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { Connection } from '../core/connection.ts';

onEachServer('connections', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  test('a connection is found with its account by user id, id, reference and account', async () => {
    const { id } = await seedEnvironment(on);
    const account = await seedAccount(on, id);
    const made = await connect(on, account, 'runner-7');
    const whole = { ...made, account };
    expect(await on.store.connections.byUserId(id, made.userId)).toEqual(whole);
    expect(await on.store.connections.byId(id, made.id)).toEqual(whole);
    expect(await on.store.connections.ofReference(id, 'runner-7')).toEqual([whole]);
    expect(await on.store.connections.byUserIds(id, [made.userId, randomUUID(), 'not-a-uuid'])).toEqual([whole]);
    expect(await on.store.connections.byIds(id, [made.id, randomUUID()])).toEqual([whole]);
    expect(await on.store.connections.ofAccount(id, account.id)).toEqual([made]);
    expect(await on.store.connections.byUserId(id, 'not-a-uuid')).toBeUndefined();
  });

  test('another environment finds and changes nothing', async () => {
    const [mine, other] = [await seedEnvironment(on), await seedEnvironment(on)];
    const made = await seedConnection(on, mine.id, 'runner-7');
    const { connections } = on.store;
    expect(await connections.byUserId(other.id, made.userId)).toBeUndefined();
    expect(await connections.byId(other.id, made.id)).toBeUndefined();
    expect(await connections.byUserIds(other.id, [made.userId])).toEqual([]);
    expect(await connections.byIds(other.id, [made.id])).toEqual([]);
    expect(await connections.ofReference(other.id, 'runner-7')).toEqual([]);
    expect(await connections.ofAccount(other.id, made.accountId)).toEqual([]);
    expect(await connections.page(other.id, {})).toEqual({ connections: [], total: 0 });
    expect(await connections.countActive(other.id)).toBe(0);
    await connections.setActive(other.id, made.id, false);
    await connections.setReferenceId(other.id, made.id, 'stolen');
    await connections.touch(other.id, [made.id], on.clock.now());
    await connections.delete(other.id, made.id);
    const again = connections.reauthenticate(other.id, made.id, randomUUID(), undefined, on.clock.now());
    await expect(again).rejects.toMatchObject({ code: 'not_found' });
    expect(await connections.byId(mine.id, made.id)).toMatchObject(made);
  });

  test('a reauthentication keeps the connection and retires its user id', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedConnection(on, id, 'before');
    await on.store.connections.setActive(id, made.id, false);
    const userId = randomUUID();
    const again = await on.store.connections.reauthenticate(id, made.id, userId, 'after', on.clock.now());
    expect(again).toEqual({ ...made, userId, referenceId: 'after', retiredUserIds: [made.userId], active: true });
    expect(await on.store.connections.byUserId(id, made.userId)).toBeUndefined();
    expect(await on.store.connections.byRetiredUserId(id, made.userId)).toMatchObject(again);
    expect(await on.store.connections.byRetiredUserId(id, userId)).toBeUndefined();
    const same = await on.store.connections.reauthenticate(id, made.id, userId, undefined, on.clock.now());
    expect(same.retiredUserIds).toEqual([made.userId]);
    expect(same.referenceId).toBeUndefined();
  });

  test('pages are cut from the oldest on, with the total', async () => {
    const { id } = await seedEnvironment(on);
    const made: Connection[] = [];
    for (const reference of ['a', 'b', 'a', 'b', 'a']) {
      made.push(await seedConnection(on, id, reference));
      on.clock.advance(1);
    }
    const ids = async (options: Parameters<typeof on.store.connections.page>[1]) => {
      const { connections, total } = await on.store.connections.page(id, options);
      return [connections.map((connection) => made.findIndex((one) => one.id === connection.id)), total];
    };
    expect(await ids({})).toEqual([[0, 1, 2, 3, 4], 5]);
    expect(await ids({ page: 0, perPage: 2 })).toEqual([[0, 1], 5]);
    expect(await ids({ page: 2, perPage: 2 })).toEqual([[4], 5]);
    expect(await ids({ page: 3, perPage: 2 })).toEqual([[], 5]);
    expect(await ids({ page: 1, perPage: 2, referenceId: 'a' })).toEqual([[4], 3]);
    expect(await ids({ provider: 'OTHER' })).toEqual([[], 0]);
  });

  test('active connections are counted', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedConnection(on, id);
    await seedConnection(on, id);
    expect(await on.store.connections.countActive(id)).toBe(2);
    await on.store.connections.setActive(id, made.id, false);
    expect(await on.store.connections.countActive(id)).toBe(1);
  });

  test('connects of one environment go one after the other, so that a limit holds', async () => {
    const { id } = await seedEnvironment(on);
    const account = await seedAccount(on, id);
    const limit = 3;
    const connectOne = () =>
      on.store.transaction(async (tx) => {
        await tx.connections.lockEnvironment(id);
        if ((await tx.connections.countActive(id)) >= limit) return;
        await tx.connections.create({
          environmentId: id,
          accountId: account.id,
          userId: randomUUID(),
          referenceId: undefined,
          provider: 'ACME',
          now: on.clock.now(),
        });
      });
    await Promise.all(Array.from({ length: 8 }, connectOne));
    expect(await on.store.connections.countActive(id)).toBe(limit);
  });

  test('the last webhook update never goes back', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedConnection(on, id);
    const early = new Date(on.clock.now().getTime() - 1_000);
    await on.store.connections.touch(id, [made.id], on.clock.now());
    await on.store.connections.touch(id, [made.id], early);
    expect((await on.store.connections.byId(id, made.id))?.lastWebhookUpdate).toEqual(on.clock.now());
    await on.store.connections.touch(id, [], early);
  });

  test('a reference id can be changed and taken away', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedConnection(on, id, 'before');
    await on.store.connections.setReferenceId(id, made.id, 'after');
    expect((await on.store.connections.byId(id, made.id))?.referenceId).toBe('after');
    await on.store.connections.setReferenceId(id, made.id, undefined);
    expect((await on.store.connections.byId(id, made.id))?.referenceId).toBeUndefined();
  });
});
