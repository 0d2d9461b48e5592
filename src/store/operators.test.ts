import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import { sha256 } from '../lib/hash.ts';

onEachServer('operator tokens', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);

  test('a link is taken once, whoever else tries', async () => {
    const hash = sha256(randomUUID());
    await on.store.operators.add('link', hash, later(1_000), on.clock.now());
    const taken = await Promise.all([1, 2, 3, 4].map(() => on.store.operators.takeLink(hash, on.clock.now())));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('tokens end, and one kind is not the other', async () => {
    const [link, session] = [sha256(randomUUID()), sha256(randomUUID())];
    await on.store.operators.add('link', link, later(1_000), on.clock.now());
    await on.store.operators.add('session', session, later(1_000), on.clock.now());
    expect(await on.store.operators.isSession(session, later(999))).toBe(true);
    expect(await on.store.operators.isSession(session, later(1_000))).toBe(false);
    expect(await on.store.operators.isSession(link, on.clock.now())).toBe(false);
    expect(await on.store.operators.takeLink(session, on.clock.now())).toBe(false);
    expect(await on.store.operators.takeLink(link, later(1_000))).toBe(false);
  });

  test('ended tokens are cleared away', async () => {
    const hash = sha256(randomUUID());
    await on.store.operators.add('link', hash, later(1), on.clock.now());
    await on.store.operators.add('link', sha256(randomUUID()), later(10), later(1));
    expect((await on.pool.query('select from operator_tokens where hash = $1', [hash])).rows).toHaveLength(0);
  });
});
