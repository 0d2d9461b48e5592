import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { connect, newAccount, newGrant, seedAccount, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { Account } from '../core/account.ts';

onEachServer('accounts', (server) => {
  let on: TestStore;
  let environmentId: string;
  beforeAll(async () => {
    on = await testStore(server);
    environmentId = (await seedEnvironment(on)).id;
  });
  afterAll(() => on.close());

  const refOf = (account: Account) => ({ environmentId: account.environmentId, accountId: account.id });
  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);

  test('an account is found by its provider, person and transport, only in its environment', async () => {
    const wanted = newAccount(environmentId, on.clock.now());
    const made = await on.store.accounts.upsert(wanted);
    expect(made).toMatchObject({ label: 'ada@example.org', state: 'active', scopes: ['sleep', 'heart'] });
    const find = (environment: string, transport: 'live' | 'sandbox') =>
      on.store.accounts.find(environment, 'ACME', wanted.providerUserId, transport);
    expect(await find(environmentId, 'sandbox')).toEqual(made);
    expect(await find(environmentId, 'live')).toBeUndefined();
    const other = await seedEnvironment(on);
    expect(await find(other.id, 'sandbox')).toBeUndefined();
    expect(await on.store.accounts.byId(environmentId, made.id)).toEqual(made);
    expect(await on.store.accounts.byId(other.id, made.id)).toBeUndefined();
  });

  test('logins at once meet in one account', async () => {
    const wanted = newAccount(environmentId, on.clock.now());
    const made = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((n) => on.store.accounts.upsert({ ...wanted, memberId: `member-${n}` })),
    );
    expect(new Set(made.map((account) => account.id)).size).toBe(1);
    expect(new Set(made.map((account) => account.memberId)).size).toBe(1);
  });

  test('a new login brings scopes, zone and label up to date and keeps what it does not say', async () => {
    const wanted = newAccount(environmentId, on.clock.now());
    const first = await on.store.accounts.upsert(wanted);
    const second = await on.store.accounts.upsert({
      ...wanted,
      label: 'ada@new.example.org',
      scopes: ['sleep'],
      zone: undefined,
      memberId: 'member-2',
    });
    expect(second).toEqual({ ...first, label: 'ada@new.example.org', scopes: ['sleep'] });
  });

  test('the label and the grant do not stand in the database as text', async () => {
    const account = await seedAccount(on, environmentId);
    await on.store.accounts.saveGrant(refOf(account), newGrant(), undefined);
    const { rows } = await on.pool.query('select label, granted from accounts where id = $1', [account.id]);
    expect(rows[0].label.includes('ada@')).toBe(false);
    expect(rows[0].granted.includes('access-token-1')).toBe(false);
  });

  test('a grant comes back as it was saved, and sets the expiry', async () => {
    const account = await seedAccount(on, environmentId);
    expect(await on.store.accounts.grant(refOf(account))).toBeUndefined();
    await on.store.accounts.saveGrant(refOf(account), newGrant(), later(1_000));
    expect(await on.store.accounts.grant(refOf(account))).toEqual(newGrant());
    expect((await on.store.accounts.byId(environmentId, account.id))?.expiresAt).toEqual(newGrant().expiresAt);
    const endless = newGrant({ expiresAt: undefined, version: 2 });
    await on.store.accounts.saveGrant(refOf(account), endless, undefined);
    expect(await on.store.accounts.grant(refOf(account))).toEqual(endless);
  });

  test('a foreign environment neither reads nor writes a grant', async () => {
    const account = await seedAccount(on, environmentId);
    await on.store.accounts.saveGrant(refOf(account), newGrant(), undefined);
    const foreign = { environmentId: (await seedEnvironment(on)).id, accountId: account.id };
    expect(await on.store.accounts.grant(foreign)).toBeUndefined();
    await expect(on.store.accounts.saveGrant(foreign, newGrant(), undefined)).rejects.toMatchObject({
      code: 'not_found',
    });
    await on.store.accounts.setState(foreign, 'revoked');
    await on.store.accounts.delete(foreign);
    expect((await on.store.accounts.byId(environmentId, account.id))?.state).toBe('active');
    expect(await on.store.accounts.grant(refOf(account))).toEqual(newGrant());
  });

  test('a grant copied to another account does not open', async () => {
    const [one, two] = [await seedAccount(on, environmentId), await seedAccount(on, environmentId)];
    await on.store.accounts.saveGrant(refOf(one), newGrant(), undefined);
    await on.pool.query('update accounts b set granted = a.granted from accounts a where a.id = $1 and b.id = $2', [
      one.id,
      two.id,
    ]);
    await expect(on.store.accounts.grant(refOf(two))).rejects.toThrow();
  });

  test('a deleted account is gone with its connections, and an upsert makes a new one', async () => {
    const wanted = newAccount(environmentId, on.clock.now());
    const account = await on.store.accounts.upsert(wanted);
    const connection = await connect(on, account);
    await on.store.accounts.saveGrant(refOf(account), newGrant(), later(0));
    await on.store.accounts.delete(refOf(account));
    expect(await on.store.accounts.byId(environmentId, account.id)).toBeUndefined();
    expect(await on.store.accounts.grant(refOf(account))).toBeUndefined();
    expect(await on.store.connections.byId(environmentId, connection.id)).toBeUndefined();
    const { rows } = await on.pool.query('select from vault_keys where owner_id = any($1)', [
      [account.id, connection.id],
    ]);
    expect(rows).toHaveLength(0);
    expect((await on.store.accounts.upsert(wanted)).id).not.toBe(account.id);
  });

  test('upserts and deletes at once end in a whole account or none', async () => {
    const wanted = newAccount(environmentId, on.clock.now());
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const account = await on.store.accounts.upsert(wanted);
        await on.store.accounts.delete(refOf(account));
      }),
    );
    const made = await on.store.accounts.upsert(wanted);
    await on.store.accounts.saveGrant(refOf(made), newGrant(), undefined);
    expect(await on.store.accounts.grant(refOf(made))).toEqual(newGrant());
  });

  test('of several claims of a refresh one wins, until it is released or runs out', async () => {
    const ref = refOf(await seedAccount(on, environmentId));
    const claim = (token: string, at = on.clock.now()) =>
      on.store.accounts.claimRefresh(ref, token, at, new Date(at.getTime() + 1_000));
    const won = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((token) => claim(token)));
    expect(won.filter(Boolean)).toHaveLength(1);
    const holder = ['a', 'b', 'c', 'd', 'e'][won.indexOf(true)] ?? '';
    await on.store.accounts.releaseRefresh(ref, 'somebody else');
    expect(await claim('f')).toBe(false);
    await on.store.accounts.releaseRefresh(ref, holder);
    expect(await claim('g')).toBe(true);
    expect(await claim('h', later(1_001))).toBe(true);
  });

  test('due refreshes are those of active accounts that nobody refreshes, oldest first', async () => {
    const { id } = await seedEnvironment(on);
    const [late, early, future, revoked, claimed, endless] = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => seedAccount(on, id)),
    );
    const due = (account: Account | undefined, ms: number | undefined) =>
      on.store.accounts.saveGrant(refOf(account as Account), newGrant(), ms === undefined ? undefined : later(ms));
    await due(late, -1);
    await due(early, -2);
    await due(future, 1);
    await due(revoked, -3);
    await due(claimed, -4);
    await due(endless, undefined);
    await on.store.accounts.setState(refOf(revoked as Account), 'revoked');
    await on.store.accounts.claimRefresh(refOf(claimed as Account), 'me', on.clock.now(), later(10_000));
    const found = await on.store.accounts.dueRefreshes(on.clock.now(), 10);
    const mine = found.filter((ref) => ref.environmentId === id);
    expect(mine).toEqual([refOf(early as Account), refOf(late as Account)]);
    await on.store.accounts.postponeRefresh(refOf(early as Account), later(60_000));
    await on.store.accounts.postponeRefresh(refOf(late as Account), undefined);
    const rest = await on.store.accounts.dueRefreshes(on.clock.now(), 10);
    expect(rest.filter((ref) => ref.environmentId === id)).toEqual([]);
  });

  test('state and scopes can be set', async () => {
    const account = await seedAccount(on, environmentId);
    await on.store.accounts.setState(refOf(account), 'needs_reconnecting');
    await on.store.accounts.setScopes(refOf(account), undefined);
    const found = await on.store.accounts.byId(environmentId, account.id);
    expect(found).toEqual({ ...account, state: 'needs_reconnecting', scopes: undefined });
    expect(await on.store.accounts.byId(environmentId, randomUUID())).toBeUndefined();
  });
});
