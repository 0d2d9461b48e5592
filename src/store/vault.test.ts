import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { KeyOwner } from '../core/vault.ts';
import { inTransaction } from './database.ts';
import { KEY_LIFETIME_MS } from './key-cache.ts';
import { masterKeys } from './master-key.ts';
import { createVault, ownerName } from './vault.ts';

const place = { table: 'stars', row: 'sirius', field: 'name' };

onEachServer('vault', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  async function seedOwner(scope: KeyOwner['scope'] = 'connection'): Promise<KeyOwner> {
    const owner = { environmentId: randomUUID(), scope, ownerId: randomUUID() };
    await createVault(on.masterKeys).create(on.pool, owner, on.clock.now());
    return owner;
  }

  test('what one process seals, another opens', async () => {
    const owner = await seedOwner();
    const sealed = await createVault(on.masterKeys).seal(on.pool, owner, place, 'Canicula');
    expect((await createVault(on.masterKeys).open(on.pool, owner, place, sealed))?.toString()).toBe('Canicula');
    expect(sealed.includes('Canicula')).toBe(false);
  });

  test('a sealed value opens at its place and for its owner only', async () => {
    const vault = createVault(on.masterKeys);
    const [owner, other] = [await seedOwner(), await seedOwner()];
    const sealed = await vault.seal(on.pool, owner, place, 'Canicula');
    for (const wrong of [{ table: 'moons' }, { row: 'vega' }, { field: 'size' }]) {
      await expect(vault.open(on.pool, owner, { ...place, ...wrong }, sealed)).rejects.toThrow();
    }
    await expect(vault.open(on.pool, other, place, sealed)).rejects.toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await expect(vault.open(on.pool, owner, place, changed)).rejects.toThrow();
  });

  test('a wrapped key moved to another owner does not open', async () => {
    const [owner, other] = [await seedOwner(), await seedOwner()];
    await on.pool.query(
      'update vault_keys b set wrapped = a.wrapped from vault_keys a where a.owner_id = $1 and b.owner_id = $2',
      [owner.ownerId, other.ownerId],
    );
    await expect(createVault(on.masterKeys).key(on.pool, other)).rejects.toThrow();
  });

  test('after the key is forgotten nothing opens and nothing can be sealed', async () => {
    const vault = createVault(on.masterKeys);
    const owner = await seedOwner();
    const sealed = await vault.seal(on.pool, owner, place, 'Canicula');
    await vault.forget(on.pool, owner);
    expect(await vault.open(on.pool, owner, place, sealed)).toBeUndefined();
    await expect(vault.seal(on.pool, owner, place, 'again')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('another process forgets within a minute', async () => {
    let ms = 0;
    const elsewhere = createVault(on.masterKeys, () => ms);
    const owner = await seedOwner();
    const sealed = await elsewhere.seal(on.pool, owner, place, 'Canicula');
    await createVault(on.masterKeys).forget(on.pool, owner);
    ms += KEY_LIFETIME_MS;
    expect(KEY_LIFETIME_MS).toBeLessThanOrEqual(60_000);
    expect(await elsewhere.open(on.pool, owner, place, sealed)).toBeUndefined();
  });

  test('a forgetting that is rolled back loses nothing', async () => {
    const vault = createVault(on.masterKeys);
    const owner = await seedOwner();
    const sealed = await vault.seal(on.pool, owner, place, 'Canicula');
    const failing = inTransaction(on.pool, async (client) => {
      await vault.forget(client, owner);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await vault.open(on.pool, owner, place, sealed))?.toString()).toBe('Canicula');
  });

  test('keys of many owners take one query, and none when they are cached', async () => {
    const owners = [await seedOwner(), await seedOwner('account'), await seedOwner('environment')];
    const missing = { ...(owners[0] as KeyOwner), scope: 'account' as const };
    const vault = createVault(on.masterKeys);
    const client = await on.pool.connect();
    let queries = 0;
    const query = client.query.bind(client);
    client.query = ((...input: Parameters<typeof query>) => {
      queries += 1;
      return query(...input);
    }) as typeof client.query;
    const keys = await vault.keys(client, [...owners, missing]);
    expect([...keys.keys()].sort()).toEqual(owners.map(ownerName).sort());
    expect(queries).toBe(1);
    await vault.keys(client, owners);
    expect(queries).toBe(1);
    client.release(true);
  });

  test('a held key cannot be forgotten before the holder ends', async () => {
    const vault = createVault(on.masterKeys);
    const owner = await seedOwner();
    const order: string[] = [];
    let forgetting: Promise<void> | undefined;
    await inTransaction(on.pool, async (client) => {
      expect((await vault.hold(client, [owner])).size).toBe(1);
      forgetting = vault.forget(on.pool, owner).then(() => void order.push('forgotten'));
      await waitForLockWait();
      order.push('holder ended');
    });
    await forgetting;
    expect(order).toEqual(['holder ended', 'forgotten']);
    expect((await inTransaction(on.pool, (client) => vault.hold(client, [owner]))).size).toBe(0);
  });

  async function waitForLockWait(): Promise<void> {
    for (;;) {
      const { rows } = await on.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
    }
  }

  test('a key wrapped by a master key that is not ours is an error that names it, not a missing key', async () => {
    const owner = await seedOwner();
    const stranger = createVault(masterKeys(Buffer.alloc(32, 9)));
    await expect(stranger.key(on.pool, owner)).rejects.toThrow(on.masterKeys.current.id);
  });
});
