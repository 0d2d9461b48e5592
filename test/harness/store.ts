import type { Store } from '../../src/core/store.ts';
import { lanesOn } from '../../src/queue/lanes.ts';
import { tasksOn } from '../../src/queue/tasks.ts';
import { type MasterKeys, masterKeys } from '../../src/store/master-key.ts';
import { createStore } from '../../src/store/store.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import type { ServerName } from './server.ts';

export interface TestStore extends TestDatabase {
  store: Store;
  clock: FakeClock;
  masterKeys: MasterKeys;
}

export const TEST_MASTER_KEY = Buffer.alloc(32, 7);

/** A store with the queue's lanes and tasks on a fresh database. Call `close` when done. */
export async function testStore(server: ServerName = 'embedded'): Promise<TestStore> {
  const database = await freshDatabase(server);
  const keys = masterKeys(TEST_MASTER_KEY);
  return { ...database, masterKeys: keys, clock: fakeClock(), store: storeOn(database, keys) };
}

/** Another store on the same database, as a second process would have it: with a key cache of its own. */
export function storeOn({ pool }: Pick<TestDatabase, 'pool'>, keys: MasterKeys): Store {
  const extend: Parameters<typeof createStore>[0]['extend'] = (client) => ({
    lanes: lanesOn(client),
    tasks: tasksOn(client),
  });
  return createStore({ pool, masterKeys: keys, extend });
}
