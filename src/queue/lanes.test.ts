import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/harness/clock.ts';
import { freshDatabase, onEachServer, type TestDatabase } from '../../test/harness/database.ts';
import {
  addDestination,
  addEnvironment,
  addLane,
  deliverRows,
  enqueue,
  insertDelivery,
  nextAt,
  pause,
} from '../../test/harness/lane-fixture.ts';
import type { LaneQueue } from '../core/lanes.ts';
import { createLaneQueue, lanesOn } from './lanes.ts';

let database: TestDatabase;
let pool: pg.Pool;
let lanes: LaneQueue;
let environmentId: string;

onEachServer('lanes', (server) => {
  beforeAll(async () => {
    database = await freshDatabase(server);
    pool = database.pool;
    lanes = createLaneQueue(pool);
    environmentId = await addEnvironment(pool);
  });
  afterAll(() => database.close());
  afterEach(async () => {
    for (const client of open) await end(client, 'rollback');
  });
  beforeEach(async () => {
    await pool.query('truncate lanes, deliveries, raw_records');
  });

  const clock = fakeClock();
  const now = clock.now();
  const later = (ms: number) => new Date(now.getTime() + ms);

  async function claimOne(at = now) {
    const [lease, ...more] = await lanes.claim('deliver', at, 15_000, 10);
    if (!lease || more.length > 0) throw new Error(`expected one lane, got ${more.length + (lease ? 1 : 0)}`);
    return lease;
  }

  describe('wake', () => {
    test('makes a lane due at the time given, not before', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], later(1000));
      expect(await lanes.claim('deliver', later(999), 15_000, 10)).toEqual([]);
      expect(await lanes.claim('deliver', later(1000), 15_000, 10)).toHaveLength(1);
    });

    test('brings a lane forward and never puts it off', async () => {
      const lane = await addLane(pool, environmentId);
      const wake = (at: Date) => lanesOn(pool).wake('deliver', environmentId, [lane.laneId], at);
      await wake(later(5000));
      await wake(later(1000));
      await wake(later(9000));
      expect(await nextAt(pool, lane)).toBe(later(1000).getTime());
    });

    test('keeps lanes of the two kinds apart', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('normalise', environmentId, [lane.laneId], now);
      expect(await lanes.claim('deliver', now, 15_000, 10)).toEqual([]);
      expect(await lanes.claim('normalise', now, 15_000, 10)).toHaveLength(1);
    });

    test('does nothing without lanes, and one thing for a lane named twice', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [], now);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId, lane.laneId], now);
      expect(await lanes.claim('deliver', now, 15_000, 10)).toHaveLength(1);
    });

    test('wakes tens of thousands of lanes in one transaction', async () => {
      const ids = Array.from({ length: 30_000 }, () => randomUUID());
      await lanesOn(pool).wake('deliver', environmentId, ids, now);
      expect(await lanes.claim('deliver', now, 15_000, 40_000)).toHaveLength(30_000);
    });

    test('wakers of a lane that is awake do not wait for one another', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      for (let i = 0; i < 3; i++) {
        const client = await begin();
        await client.query("set local lock_timeout = '1s'");
        await insertDelivery(client, lane, now);
        await lanesOn(client).wake('deliver', environmentId, [lane.laneId], later(1));
      }
      expect(open.size).toBe(3);
    });

    test('wakers of the same lanes in opposite order do not deadlock, new lanes or sleeping', async () => {
      const wake = (ids: string[], at: Date) => lanesOn(pool).wake('deliver', environmentId, ids, at);
      for (let round = 0; round < 4; round++) {
        const ids = Array.from({ length: 2000 }, () => randomUUID());
        await Promise.all([wake(ids, later(60_000)), wake(ids.toReversed(), later(60_000))]);
        await Promise.all([wake(ids, now), wake(ids.toReversed(), now)]);
      }
    });
  });

  describe('claim', () => {
    test('takes the longest due first, up to the limit, and no lane twice', async () => {
      const first = await addLane(pool, environmentId);
      const second = await addLane(pool, environmentId);
      const third = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [third.laneId], later(-1));
      await lanesOn(pool).wake('deliver', environmentId, [first.laneId], later(-3));
      await lanesOn(pool).wake('deliver', environmentId, [second.laneId], later(-2));
      const claimed = await lanes.claim('deliver', now, 15_000, 2);
      expect(claimed.map((lease) => lease.laneId).sort()).toEqual([first.laneId, second.laneId].sort());
      expect((await lanes.claim('deliver', now, 15_000, 2)).map((lease) => lease.laneId)).toEqual([third.laneId]);
    });

    test('concurrent claims share the lanes out without overlap', async () => {
      const ids = Array.from({ length: 200 }, () => randomUUID());
      await lanesOn(pool).wake('deliver', environmentId, ids, now);
      const rounds = await Promise.all(Array.from({ length: 8 }, () => lanes.claim('deliver', now, 15_000, 50)));
      const claimed = rounds.flat().map((lease) => lease.laneId);
      expect(new Set(claimed).size).toBe(claimed.length);
      expect(claimed.length).toBeGreaterThan(0);
    });

    test('takes over when the lease has run out, with a new token', async () => {
      const lane = await addLane(pool, environmentId);
      await enqueue(pool, lane, now, ['a']);
      const crashed = await claimOne();
      expect(crashed.leasedUntil).toEqual(later(15_000));
      expect(await lanes.claim('deliver', later(14_999), 15_000, 10)).toEqual([]);
      const taken = await claimOne(later(15_000));
      expect(taken.laneId).toBe(lane.laneId);
      expect(taken.token).not.toBe(crashed.token);
    });

    test('the clock given decides, whatever the database thinks the time is', async () => {
      for (const at of [new Date('1990-01-01T00:00:00Z'), new Date('2190-01-01T00:00:00Z')]) {
        const lane = await addLane(pool, environmentId);
        await enqueue(pool, lane, at, ['a']);
        const lease = (await lanes.claim('deliver', at, 1000, 10)).find((one) => one.laneId === lane.laneId);
        if (!lease) throw new Error('the lane was not due');
        expect(lease.leasedUntil.getTime()).toBe(at.getTime() + 1000);
        expect(await lanes.claim('deliver', new Date(at.getTime() + 999), 1000, 10)).toEqual([]);
        await lanes.release(lease, at);
        expect(await nextAt(pool, lane)).toBe(at.getTime());
        await pool.query('truncate lanes, deliveries');
      }
    });
  });

  describe('a lease', () => {
    test('is longer after it was extended', async () => {
      const lane = await addLane(pool, environmentId);
      await enqueue(pool, lane, now, ['a']);
      const lease = await claimOne();
      expect(await lanes.extend(lease, later(10_000), 15_000)).toBe(true);
      expect(await lanes.claim('deliver', later(24_999), 15_000, 10)).toEqual([]);
      expect(await lanes.claim('deliver', later(25_000), 15_000, 10)).toHaveLength(1);
    });

    test('that was taken over can neither be extended, nor written under, nor given back', async () => {
      const lane = await addLane(pool, environmentId);
      const id = await insertDelivery(pool, lane, now);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      const old = await claimOne();
      const taken = await claimOne(later(20_000));
      expect(await lanes.extend(old, later(20_000), 15_000)).toBe(false);
      expect(await deliverRows(pool, old, [id], now)).toBe(0);
      await lanes.release(old, later(20_000));
      expect(await lanes.claim('deliver', later(20_001), 15_000, 10)).toEqual([]);
      expect(await lanes.extend(taken, later(20_000), 15_000)).toBe(true);
      expect(await deliverRows(pool, taken, [id], now)).toBe(1);
    });

    test('given back twice leaves the next holder alone', async () => {
      const lane = await addLane(pool, environmentId);
      await enqueue(pool, lane, now, ['a']);
      const lease = await claimOne();
      await lanes.release(lease, now);
      const next = await claimOne();
      await lanes.release(lease, now);
      expect(await lanes.extend(next, now, 15_000)).toBe(true);
    });
  });

  describe('release of a delivery lane', () => {
    /** Serves nothing, gives the lane back at `now` and tells how many ms from now it is due. */
    async function sleepOf(laneId: string): Promise<number | undefined> {
      await lanesOn(pool).wake('deliver', environmentId, [laneId], now);
      await lanes.release(await claimOne(), now);
      const at = await nextAt(pool, { laneId });
      return at === undefined ? undefined : at - now.getTime();
    }

    test('lets it sleep for good when nothing waits', async () => {
      const lane = await addLane(pool, environmentId);
      await insertDelivery(pool, lane, now, { state: 'delivered' });
      await insertDelivery(pool, lane, now, { state: 'dead' });
      await insertDelivery(pool, lane, now, { state: 'cancelled' });
      expect(await sleepOf(lane.laneId)).toBe(Number.POSITIVE_INFINITY);
    });

    test('lets it sleep until the earliest parked row', async () => {
      const lane = await addLane(pool, environmentId);
      await insertDelivery(pool, lane, later(9000));
      await insertDelivery(pool, lane, later(4000));
      await insertDelivery(pool, lane, later(7000));
      expect(await sleepOf(lane.laneId)).toBe(4000);
    });

    test('a backlog makes it due now, behind the lanes that became due before', async () => {
      const lane = await addLane(pool, environmentId);
      await insertDelivery(pool, lane, later(-60_000));
      expect(await sleepOf(lane.laneId)).toBe(0);
    });

    test('a row behind a predecessor that was never tried counts for nothing', async () => {
      const lane = await addLane(pool, environmentId);
      const auth = await insertDelivery(pool, lane, later(30_000));
      await insertDelivery(pool, lane, later(-5), { afterId: auth });
      expect(await sleepOf(lane.laneId)).toBe(30_000);
    });

    test('a row may pass its tried predecessor a minute after the first attempt', async () => {
      const lane = await addLane(pool, environmentId);
      const auth = await insertDelivery(pool, lane, later(120_000), { firstAttemptAt: later(-20_000) });
      await insertDelivery(pool, lane, later(-5), { afterId: auth });
      expect(await sleepOf(lane.laneId)).toBe(40_000);
    });

    test('a row that is parked for longer than its gate waits for its own time', async () => {
      const lane = await addLane(pool, environmentId);
      const auth = await insertDelivery(pool, lane, later(120_000), { firstAttemptAt: later(-20_000) });
      await insertDelivery(pool, lane, later(50_000), { afterId: auth });
      expect(await sleepOf(lane.laneId)).toBe(50_000);
    });

    test('an open gate is no gate, and the first row that may pass ends the search', async () => {
      const lane = await addLane(pool, environmentId);
      const auth = await insertDelivery(pool, lane, later(120_000), { firstAttemptAt: later(-60_000) });
      await insertDelivery(pool, lane, later(3000), { afterId: auth });
      const other = await insertDelivery(pool, lane, later(120_000), { firstAttemptAt: later(-58_000) });
      await insertDelivery(pool, lane, later(1000), { afterId: other });
      expect(await sleepOf(lane.laneId)).toBe(2000);
    });

    test.each(['delivered', 'dead', 'cancelled'])('a predecessor that is %s lets its row pass', async (state) => {
      const lane = await addLane(pool, environmentId);
      const auth = await insertDelivery(pool, lane, now, { state });
      await insertDelivery(pool, lane, later(700), { afterId: auth });
      expect(await sleepOf(lane.laneId)).toBe(700);
    });

    test('an ordered lane waits for its head, however long', async () => {
      const lane = await addLane(pool, environmentId, { ordered: true });
      await insertDelivery(pool, lane, later(90_000), { id: '00000000-0000-7000-8000-000000000001' });
      await insertDelivery(pool, lane, now, { id: '00000000-0000-7000-8000-000000000002' });
      expect(await sleepOf(lane.laneId)).toBe(90_000);
    });

    test('a paused destination keeps its lane asleep until the pause ends', async () => {
      const paused = await addLane(pool, environmentId, { nextAt: later(45_000) });
      await insertDelivery(pool, paused, now);
      expect(await sleepOf(paused.laneId)).toBe(45_000);
      const past = await addLane(pool, environmentId, { nextAt: later(-45_000) });
      await insertDelivery(pool, past, later(100));
      expect(await sleepOf(past.laneId)).toBe(100);
    });

    test('a destination that is inactive or gone keeps it asleep for good', async () => {
      const inactive = await addLane(pool, environmentId, { active: false });
      await insertDelivery(pool, inactive, now);
      expect(await sleepOf(inactive.laneId)).toBe(Number.POSITIVE_INFINITY);
      const gone = { environmentId, destinationId: randomUUID(), laneId: randomUUID() };
      await insertDelivery(pool, gone, now);
      expect(await sleepOf(gone.laneId)).toBe(Number.POSITIVE_INFINITY);
    });

    test('only its own rows count', async () => {
      const destinationId = await addDestination(pool, environmentId, { ordered: true });
      const mine = { environmentId, destinationId, laneId: randomUUID() };
      await insertDelivery(pool, { ...mine, laneId: randomUUID() }, later(10));
      await insertDelivery(pool, mine, later(20));
      expect(await sleepOf(mine.laneId)).toBe(20);
    });
  });

  test('release of a normalise lane: the earliest raw record that waits', async () => {
    const connectionId = randomUUID();
    const insert = (state: string, dueAt: Date) =>
      pool.query(
        `insert into raw_records (environment_id, connection_id, id, resource, identity, version, encoding, body, hash,
         state, due_at, received_at) values ($1, $2, $3::uuid, 'sleep', $3::uuid::text, '1', 'json', '', '', $4, $5, $5)`,
        [environmentId, connectionId, randomUUID(), state, dueAt],
      );
    const release = async () => {
      await lanesOn(pool).wake('normalise', environmentId, [connectionId], now);
      for (const lease of await lanes.claim('normalise', now, 15_000, 10)) await lanes.release(lease, now);
      return nextAt(pool, { laneId: connectionId });
    };
    await insert('done', later(1));
    await insert('aside', later(2));
    expect(await release()).toBe(Number.POSITIVE_INFINITY);
    await insert('waiting', later(8000));
    await insert('waiting', later(3000));
    expect(await release()).toBe(later(3000).getTime());
  });

  describe('release against a waker', () => {
    test('that has the lock: release waits for its commit and sees its rows', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      const lease = await claimOne();
      const waker = await begin();
      await insertDelivery(waker, lane, now);
      await lanesOn(waker).wake('deliver', environmentId, [lane.laneId], now);
      let released = false;
      const release = lanes.release(lease, now).then(() => {
        released = true;
      });
      await pause(100);
      expect(released).toBe(false);
      await end(waker, 'commit');
      await release;
      expect(await nextAt(pool, lane)).toBe(now.getTime());
    });

    test('that has inserted but not woken yet: the lane falls asleep and is woken again', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      const lease = await claimOne();
      const waker = await begin();
      await insertDelivery(waker, lane, now);
      await lanes.release(lease, now);
      expect(await nextAt(pool, lane)).toBe(Number.POSITIVE_INFINITY);
      await lanesOn(waker).wake('deliver', environmentId, [lane.laneId], now);
      await end(waker, 'commit');
      expect(await nextAt(pool, lane)).toBe(now.getTime());
    });

    test('that waits for the release to commit: it finds the lane asleep and wakes it', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      const lease = await claimOne();
      const rowLock = await begin(); // holds the release between its look at the rows and its commit
      await rowLock.query('select from lanes where lane_id = $1 for update', [lane.laneId]);
      const release = lanes.release(lease, now);
      await pause(100);
      const waker = await begin();
      await insertDelivery(waker, lane, now);
      const wake = lanesOn(waker).wake('deliver', environmentId, [lane.laneId], now);
      await pause(100);
      await end(rowLock, 'commit');
      await release;
      await wake;
      await end(waker, 'commit');
      expect(await nextAt(pool, lane)).toBe(now.getTime());
    });

    test('that rolls back: the lane sleeps', async () => {
      const lane = await addLane(pool, environmentId);
      await lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      const lease = await claimOne();
      const waker = await begin();
      await insertDelivery(waker, lane, now);
      await lanesOn(waker).wake('deliver', environmentId, [lane.laneId], now);
      const release = lanes.release(lease, now);
      await end(waker, 'rollback');
      await release;
      expect(await nextAt(pool, lane)).toBe(Number.POSITIVE_INFINITY);
    });

    test('two wakers of a lane that is new to both: the earlier time wins', async () => {
      const lane = await addLane(pool, environmentId);
      const first = await begin();
      await lanesOn(first).wake('deliver', environmentId, [lane.laneId], later(60_000));
      const second = lanesOn(pool).wake('deliver', environmentId, [lane.laneId], now);
      await pause(50);
      await end(first, 'commit');
      await second;
      expect(await nextAt(pool, lane)).toBe(now.getTime());
    });
  });
});

const open = new Set<pg.PoolClient>();

/** Begins a transaction, which ends with the test at the latest. */
async function begin(): Promise<pg.PoolClient> {
  const client = await pool.connect();
  open.add(client);
  await client.query('begin');
  return client;
}

async function end(client: pg.PoolClient, how: 'commit' | 'rollback'): Promise<void> {
  open.delete(client);
  await client.query(how);
  client.release();
}
