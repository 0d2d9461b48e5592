import { afterEach, beforeEach, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { newEvent, newGrant, seedAccount, seedConnection, seedEnvironment } from '../../test/harness/seed.ts';
import { storeOn, TEST_MASTER_KEY, type TestStore, testStore } from '../../test/harness/store.ts';
import type { Store } from '../core/store.ts';
import { masterKeys } from './master-key.ts';
import { rotate } from './rotate.ts';

const NEXT_KEY = Buffer.alloc(32, 8);
const both = masterKeys(NEXT_KEY, [TEST_MASTER_KEY]);
const onlyNext = masterKeys(NEXT_KEY);

onEachServer('master key rotation', (server) => {
  let on: TestStore;
  beforeEach(async () => {
    on = await testStore(server);
  });
  afterEach(() => on.close());

  async function seedAll() {
    const { id: environmentId } = await seedEnvironment(on);
    const account = await seedAccount(on, environmentId);
    const ref = { environmentId, accountId: account.id };
    await on.store.accounts.saveGrant(ref, newGrant(), undefined);
    const { id: connectionId } = await seedConnection(on, environmentId);
    const data = newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId, body: '{"asleep":1}' });
    const event = await on.store.events.append(environmentId, data);
    return async (store: Store) => {
      expect(await store.accounts.grant(ref)).toEqual(newGrant());
      expect(await store.events.body(environmentId, event.id)).toBe('{"asleep":1}');
      const [secret] = await store.environments.signingSecrets(environmentId, on.clock.now());
      expect(secret?.secret).toBe('first-signing-secret');
    };
  }

  test('during and after it everything opens; afterwards the old key is not needed', async () => {
    const opens = await seedAll();
    await opens(storeOn(on, both));
    await expect(opens(storeOn(on, onlyNext))).rejects.toThrow('was not given');
    expect(await rotate(on.pool, both, 2)).toBe(4);
    await opens(storeOn(on, both));
    await opens(storeOn(on, onlyNext));
    expect(await rotate(on.pool, both)).toBe(0);
  });

  test('a rotation that was cut off goes on', async () => {
    const opens = await seedAll();
    await on.pool.query(
      `create function stop_after() returns trigger language plpgsql as $$
       begin
         if (select count(*) from vault_keys where master_id = '${both.current.id}') >= 2 then
           raise exception 'the machine stops';
         end if;
         return new;
       end $$;
       create trigger stop_after before update on vault_keys for each row execute function stop_after();`,
    );
    await expect(rotate(on.pool, both, 2)).rejects.toThrow('the machine stops');
    await opens(storeOn(on, both));
    await on.pool.query('drop trigger stop_after on vault_keys');
    expect(await rotate(on.pool, both, 2)).toBe(2);
    await opens(storeOn(on, onlyNext));
  });

  test('servers go on working meanwhile, and several rotations at once do no harm', async () => {
    const server1 = storeOn(on, both);
    const seeded = Promise.all([seedAll(), seedAll(), seedAll()]);
    await seeded;
    const work = Promise.all(
      Array.from({ length: 6 }, async () => {
        const { id } = await seedEnvironment({ ...on, store: server1 });
        return (await server1.environments.signingSecrets(id, on.clock.now()))[0]?.secret;
      }),
    );
    await Promise.all([rotate(on.pool, both, 1), rotate(on.pool, both, 1), rotate(on.pool, both, 3)]);
    expect(await work).toEqual(Array(6).fill('first-signing-secret'));
    for (const opens of await seeded) await opens(storeOn(on, onlyNext));
  });

  test('it says when keys remain that it cannot unwrap', async () => {
    await seedAll();
    await expect(rotate(on.pool, onlyNext)).rejects.toThrow(on.masterKeys.current.id);
  });
});
