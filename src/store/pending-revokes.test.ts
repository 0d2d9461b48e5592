import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { newGrant, seedAccount, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('pending revokes', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);

  async function keepOne() {
    const account = await seedAccount(on, (await seedEnvironment(on)).id);
    await on.store.accounts.keepPendingRevoke(account, newGrant(), on.clock.now(), later(86_400_000));
    return account;
  }

  test('the grant outlives its account and comes back once per lease', async () => {
    const account = await keepOne();
    await on.store.accounts.delete({ environmentId: account.environmentId, accountId: account.id });
    const [first, ...more] = await on.store.accounts.duePendingRevokes(on.clock.now(), later(60_000), 10);
    expect(more).toEqual([]);
    expect(first).toEqual({
      environmentId: account.environmentId,
      id: expect.any(String),
      provider: 'ACME',
      providerUserId: account.providerUserId,
      transport: 'sandbox',
      memberId: 'member-1',
      grant: newGrant(),
      attempts: 0,
      giveUpAt: later(86_400_000),
    });
    expect(await on.store.accounts.duePendingRevokes(on.clock.now(), later(60_000), 10)).toEqual([]);
    await on.store.accounts.finishPendingRevoke(account.environmentId, first?.id ?? '', later(120_000));
    expect(await on.store.accounts.duePendingRevokes(later(119_999), later(200_000), 10)).toEqual([]);
    const [again] = await on.store.accounts.duePendingRevokes(later(120_000), later(200_000), 10);
    expect(again?.attempts).toBe(1);
    await on.store.accounts.finishPendingRevoke(account.environmentId, again?.id ?? '', undefined);
    expect(await on.store.accounts.duePendingRevokes(later(900_000), later(900_001), 10)).toEqual([]);
  });

  test('ticks at once share the revokes among them', async () => {
    await Promise.all([keepOne(), keepOne(), keepOne()]);
    const taken = await Promise.all(
      [1, 2, 3, 4].map(() => on.store.accounts.duePendingRevokes(on.clock.now(), later(60_000), 10)),
    );
    expect(new Set(taken.flat().map((one) => one.id)).size).toBe(3);
    expect(taken.flat()).toHaveLength(3);
    for (const one of taken.flat()) {
      await on.store.accounts.finishPendingRevoke(one.environmentId, one.id, undefined);
    }
  });
});
