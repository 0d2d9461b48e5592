import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { fakeClock } from '../../test/harness/clock.ts';
import { freshDatabase } from '../../test/harness/database.ts';
import { createLaneTakeover, type LaneTakeover } from './lane-takeover.ts';
import { createLaneQueue, lanesOn } from './lanes.ts';

const LANE = '00000000-0000-4000-8000-000000000001';
const ENVIRONMENT = '00000000-0000-4000-8000-00000000000e';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const clock = fakeClock();
let database: Awaited<ReturnType<typeof freshDatabase>>;
const takeovers: LaneTakeover[] = [];

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  for (const takeover of takeovers) takeover.stop();
  await database.close();
});
beforeEach(async () => {
  await database.pool.query('delete from lanes');
  await lanesOn(database.pool).wake('deliver', ENVIRONMENT, [LANE], clock.now());
});

function worker(name: string): LaneTakeover {
  const takeover = createLaneTakeover(database.pool, name, clock, quiet);
  takeovers.push(takeover);
  return takeover;
}

async function claimAs(name: string): Promise<number> {
  const queue = createLaneQueue(database.pool, name);
  return (await queue.claim('deliver', clock.now(), 15_000, 10)).length;
}

test('the lanes of a worker that died are free at once', async () => {
  const dead = worker('dead');
  await dead.sweep();
  expect(await claimAs('dead')).toBe(1);
  dead.stop(); // what the end of its process does to the connection
  expect(await worker('heir').sweep()).toBe(1);
  expect(await claimAs('heir')).toBe(1);
});

test('the lanes of a worker that lives stay with it', async () => {
  await worker('busy').sweep();
  expect(await claimAs('busy')).toBe(1);
  expect(await worker('other').sweep()).toBe(0);
  expect(await claimAs('other')).toBe(0);
});

test('a lease that was taken over no longer counts', async () => {
  const dead = worker('gone');
  await dead.sweep();
  const queue = createLaneQueue(database.pool, 'gone');
  const [lease] = await queue.claim('deliver', clock.now(), 15_000, 10);
  dead.stop();
  await worker('next').sweep();
  await claimAs('next');
  expect(lease && (await queue.extend(lease, clock.now(), 15_000))).toBe(false);
});

test('a worker does not free its own lanes', async () => {
  const own = worker('own');
  await own.sweep();
  expect(await claimAs('own')).toBe(1);
  expect(await own.sweep()).toBe(0);
});
