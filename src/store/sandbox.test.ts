import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('sandbox items and audit', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);

  test('an item is put, replaced, read and listed by provider and kind', async () => {
    const { sandbox } = on.store;
    await sandbox.put('ACME', 'grant', 'b', { n: 1 }, undefined);
    await sandbox.put('ACME', 'grant', 'a', { n: 2 }, undefined);
    await sandbox.put('ACME', 'grant', 'b', { n: 3, list: [1] }, undefined);
    await sandbox.put('BETA', 'grant', 'b', { n: 4 }, undefined);
    await sandbox.put('ACME', 'code', 'b', { n: 5 }, undefined);
    expect(await sandbox.get('ACME', 'grant', 'b', on.clock.now())).toEqual({ n: 3, list: [1] });
    expect(await sandbox.list('ACME', 'grant', on.clock.now())).toEqual([
      { key: 'a', value: { n: 2 } },
      { key: 'b', value: { n: 3, list: [1] } },
    ]);
  });

  test('an item ends at its time', async () => {
    await on.store.sandbox.put('ACME', 'token', 't', { n: 1 }, later(10));
    expect(await on.store.sandbox.get('ACME', 'token', 't', later(9))).toEqual({ n: 1 });
    expect(await on.store.sandbox.get('ACME', 'token', 't', later(10))).toBeUndefined();
    expect(await on.store.sandbox.list('ACME', 'token', later(10))).toEqual([]);
    expect(await on.store.sandbox.take('ACME', 'token', 't', later(10))).toBeUndefined();
  });

  test('of several takers one gets the item', async () => {
    await on.store.sandbox.put('ACME', 'code', 'c', { n: 1 }, undefined);
    const taken = await Promise.all([1, 2, 3].map(() => on.store.sandbox.take('ACME', 'code', 'c', on.clock.now())));
    expect(taken.filter(Boolean)).toEqual([{ n: 1 }]);
  });

  test('what somebody did is kept', async () => {
    const entry = { at: on.clock.now(), actor: 'cli', action: 'env create', subject: 'my-app' };
    await on.store.audit.add({ ...entry, environmentId: undefined });
    const { rows } = await on.pool.query('select environment_id, at, actor, action, subject from audit_log');
    expect(rows).toEqual([{ ...entry, environment_id: null }]);
  });
});
