import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/harness/database.ts';
import type { Environment } from '../core/environment.ts';
import { createEnvironmentWatch, type EnvironmentWatch } from './environment-watch.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const HASH = Buffer.from('hash');
const environment = { id: 'e', devId: 'd' } as Environment;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let watch: EnvironmentWatch;
let milliseconds = 0;
let loads = 0;

beforeAll(async () => {
  database = await freshDatabase();
  watch = createEnvironmentWatch(database.pool, quiet, () => milliseconds);
});
afterAll(async () => {
  watch.stop();
  await database.close();
});

async function look(found: Environment | undefined = environment): Promise<number> {
  const before = loads;
  await watch.byKey(HASH, async () => {
    loads += 1;
    return found;
  });
  return loads - before;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen');
}

test('nothing is remembered while nobody listens', async () => {
  expect([await look(), await look()]).toEqual([1, 1]);
});

test('a key is looked up once, and again when a key was revoked elsewhere', async () => {
  await watch.start();
  expect([await look(), await look(), await look()]).toEqual([1, 0, 0]);
  await database.pool.query('update api_keys set revoked_at = null');
  await until(async () => (await look()) === 1);
  expect(await look()).toBe(0);
});

test('a change of settings is heard too', async () => {
  await look();
  await database.pool.query("update environments set settings = '{}'");
  await until(async () => (await look()) === 1);
});

test('an unknown key is looked up every time', async () => {
  watch.forget();
  const unknown = async () => {
    const before = loads;
    await watch.byKey(Buffer.from('other'), async () => {
      loads += 1;
      return undefined;
    });
    return loads - before;
  };
  expect([await unknown(), await unknown()]).toEqual([1, 1]);
});

test('what was read before a change is not remembered after it', async () => {
  watch.forget();
  await watch.byKey(HASH, async () => {
    watch.forget();
    return environment;
  });
  expect(await look()).toBe(1);
});

test('nothing is remembered for longer than ten seconds', async () => {
  watch.forget();
  await look();
  milliseconds += 10_001;
  expect(await look()).toBe(1);
});

test('when the listening connection is cut, keys are looked up until it stands again', async () => {
  await look();
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`,
  );
  await until(async () => (await look()) === 1);
  await until(async () => (await look()) === 0);
});
