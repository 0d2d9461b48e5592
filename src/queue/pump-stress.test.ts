import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { freshDatabase, onEachServer } from '../../test/harness/database.ts';
import {
  addEnvironment,
  addLane,
  countAwake,
  countPending,
  deliverRows,
  dueRows,
  insertDelivery,
  type LaneRef,
  openPool,
  parkRow,
  pause,
  recordedLog,
  seeded,
  until,
} from '../../test/harness/lane-fixture.ts';
import type { Clock } from '../core/clock.ts';
import { createLaneQueue, lanesOn } from './lanes.ts';
import { createPump, type Pump } from './pump.ts';

const PROCESSES = 3;
const INSERTERS = 8;
const TRANSACTIONS = 100;

/*
 * A poll never finds a lane that sleeps, so a single wake-up that is lost leaves its rows pending for ever. The pumps
 * keep emptying the lanes, so lanes fall asleep all the time while rows are being inserted.
 */
onEachServer('many inserters against many pumps', (server) => {
  test.each([1, 2, 3])('every row is served once and all lanes sleep in the end (seed %i)', async (seed) => {
    const database = await freshDatabase(server);
    const random = seeded(seed);
    const lanes = await someLanes(database.pool);
    const pools = Array.from({ length: PROCESSES }, () => openPool(database.url, 6));
    const inserters = openPool(database.url, INSERTERS);
    const served: string[] = [];
    const pumps = pools.map((pool) => startProcess(pool, skewed(random), random, served));

    try {
      const inserted = await Promise.all(
        Array.from({ length: INSERTERS }, (_, i) =>
          insertMany(inserters, lanes, skewed(random), random, `${i}`, pumps),
        ),
      );
      await until(async () => (await countPending(database.pool)) === 0 && (await countAwake(database.pool)) === 0);
      expect(served.toSorted()).toEqual(inserted.flat().toSorted());
    } finally {
      await Promise.all(pumps.map((pump) => pump.stop()));
      await Promise.all([...pools, inserters].map((pool) => pool.end()));
      await database.close();
    }
  });
});

/** Two busy lanes of one destination each, and some that are used rarely. */
async function someLanes(pool: pg.Pool): Promise<LaneRef[]> {
  const environmentId = await addEnvironment(pool);
  const lanes: LaneRef[] = [];
  for (let i = 0; i < 6; i++) lanes.push(await addLane(pool, environmentId));
  return lanes;
}

/** The clock of a machine that is up to 200 ms off. */
function skewed(random: () => number): Clock {
  const skew = Math.round(random() * 400 - 200);
  return { now: () => new Date(Date.now() + skew) };
}

/** A pump as another process has it: it hears of the others' rows by polling only. Some rows fail, some serves throw. */
function startProcess(pool: pg.Pool, clock: Clock, random: () => number, served: string[]): Pump {
  const pump = createPump({
    kind: 'deliver',
    lanes: createLaneQueue(pool),
    clock,
    log: recordedLog(),
    concurrency: 3,
    pollMs: 3,
    restMs: 10,
    async serve(lease, control) {
      if (random() < 0.02) throw new Error('now and then');
      while (!control.stopping && !control.signal.aborted) {
        const rows = await dueRows(pool, lease, clock.now(), 5);
        if (rows.length === 0) return;
        for (const row of rows) {
          if (random() < 0.02) await parkRow(pool, row.id, clock.now(), new Date(clock.now().getTime() + 20));
          else if ((await deliverRows(pool, lease, [row.id], clock.now())) === 1) served.push(row.trace_id);
        }
      }
    },
  });
  pump.start();
  return pump;
}

/** Inserts in many transactions, some slow, some rolled back, some into lanes that are new; answers what was committed. */
async function insertMany(
  pool: pg.Pool,
  lanes: LaneRef[],
  clock: Clock,
  random: () => number,
  name: string,
  pumps: Pump[],
): Promise<string[]> {
  const committed: string[] = [];
  for (let i = 0; i < TRANSACTIONS; i++) {
    const traces: string[] = [];
    const client = await pool.connect();
    await client.query('begin');
    const now = clock.now();
    const chosen = choose(lanes, random);
    for (const lane of chosen) {
      const trace = `${name}/${i}/${traces.length}`;
      await insertDelivery(client, lane, now, { trace });
      traces.push(trace);
    }
    if (random() < 0.3) await pause(random() * 8);
    await lanesOn(client).wake('deliver', chosen[0]?.environmentId ?? '', idsOf(chosen), now);
    if (random() < 0.3) await pause(random() * 8);
    const keep = random() < 0.95;
    await client.query(keep ? 'commit' : 'rollback');
    client.release();
    if (keep) committed.push(...traces);
    if (random() < 0.5) pumps[Math.floor(random() * pumps.length)]?.nudge();
    if (random() < 0.1) await pause(random() * 30);
  }
  return committed;
}

function choose(lanes: LaneRef[], random: () => number): LaneRef[] {
  const chosen: LaneRef[] = [];
  const count = 1 + Math.floor(random() * 5);
  for (let i = 0; i < count; i++) {
    const lane = lanes[Math.floor(random() ** 2 * lanes.length)];
    if (lane) chosen.push(random() < 0.05 ? { ...lane, laneId: randomUUID() } : lane);
  }
  return chosen;
}

function idsOf(lanes: LaneRef[]): string[] {
  return lanes.map((lane) => lane.laneId);
}
