import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeClock, fakeClock } from '../../test/harness/clock.ts';
import { freshDatabase, type TestDatabase } from '../../test/harness/database.ts';
import {
  addEnvironment,
  addLane,
  countAwake,
  countPending,
  deliverRows,
  dueHead,
  dueRows,
  enqueue,
  parkRow,
  pause,
  type RecordedLog,
  recordedLog,
  until,
} from '../../test/harness/lane-fixture.ts';
import type { LaneLease, LaneQueue } from '../core/lanes.ts';
import type { LaneControl } from './hold.ts';
import { createLaneQueue } from './lanes.ts';
import { createPump, type Pump, type PumpOptions } from './pump.ts';

let database: TestDatabase;
let pool: pg.Pool;
let lanes: LaneQueue;
let environmentId: string;
let clock: FakeClock;
let log: RecordedLog;
let pumps: Pump[];

beforeAll(async () => {
  database = await freshDatabase();
  pool = database.pool;
  lanes = createLaneQueue(pool);
  environmentId = await addEnvironment(pool);
});
afterAll(() => database.close());
beforeEach(async () => {
  await pool.query('truncate lanes, deliveries');
  clock = fakeClock();
  log = recordedLog();
  pumps = [];
});
afterEach(async () => {
  await Promise.all(pumps.map((pump) => pump.stop()));
});

function startPump(options: Partial<PumpOptions> & Pick<PumpOptions, 'serve'>): Pump {
  const pump = createPump({ kind: 'deliver', lanes, clock, log, concurrency: 4, pollMs: 10, stopMs: 200, ...options });
  pumps.push(pump);
  pump.start();
  return pump;
}

/** Delivers everything that is due, in batches, and keeps the traces in `sent`. */
function deliverAll(sent: string[]) {
  return async (lease: LaneLease, control: LaneControl) => {
    while (!control.stopping && !control.signal.aborted) {
      const rows = await dueRows(pool, lease, clock.now(), 10);
      if (rows.length === 0) return;
      await deliverRows(
        pool,
        lease,
        rows.map((row) => row.id),
        clock.now(),
      );
      sent.push(...rows.map((row) => row.trace_id));
    }
  };
}

describe('a pump', () => {
  test('serves what waits in every lane and lets the lanes sleep', async () => {
    const sent: string[] = [];
    for (let i = 0; i < 9; i++)
      await enqueue(pool, await addLane(pool, environmentId), clock.now(), [`a${i}`, `b${i}`]);
    startPump({ serve: deliverAll(sent) });
    await until(async () => (await countAwake(pool)) === 0);
    expect(sent).toHaveLength(18);
    expect(new Set(sent).size).toBe(18);
  });

  test('a nudge makes it look at once', async () => {
    const sent: string[] = [];
    const pump = startPump({ serve: deliverAll(sent), pollMs: 3_600_000 });
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    pump.nudge();
    await until(() => sent.length === 1);
  });

  test('a nudge about a lane that is being served is not forgotten', async () => {
    const lane = await addLane(pool, environmentId);
    await enqueue(pool, lane, clock.now(), ['first']);
    const sent: string[] = [];
    let late = false;
    const pump = startPump({
      pollMs: 3_600_000,
      async serve(lease, control) {
        await deliverAll(sent)(lease, control);
        if (late) return;
        late = true;
        await enqueue(pool, lane, clock.now(), ['second']);
        pump.nudge();
      },
    });
    await until(() => sent.length === 2);
  });

  test('with one place goes on with the next lane at once', async () => {
    const sent: string[] = [];
    for (const trace of ['a', 'b', 'c']) await enqueue(pool, await addLane(pool, environmentId), clock.now(), [trace]);
    startPump({ serve: deliverAll(sent), concurrency: 1, pollMs: 3_600_000 });
    await until(() => sent.length === 3);
  });

  test('serves as many lanes at once as it may, and no more', async () => {
    for (let i = 0; i < 8; i++) await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let running = 0;
    let most = 0;
    const sent: string[] = [];
    startPump({
      concurrency: 3,
      async serve(lease, control) {
        most = Math.max(most, ++running);
        await pause(20);
        await deliverAll(sent)(lease, control);
        running--;
      },
    });
    await until(() => sent.length === 8);
    expect(most).toBe(3);
  });

  test('does not serve a row before the injected clock says so', async () => {
    const sent: string[] = [];
    const lane = await addLane(pool, environmentId);
    await enqueue(pool, lane, new Date(clock.now().getTime() + 60_000), ['later']);
    await enqueue(pool, lane, clock.now(), ['now']);
    startPump({ serve: deliverAll(sent) });
    await until(() => sent.length === 1);
    clock.advance(59_999);
    await pause(60);
    expect(sent).toEqual(['now']);
    clock.advance(1);
    await until(() => sent.length === 2);
  });

  test('a row that fails parks itself and the others of its lane go on', async () => {
    const lane = await addLane(pool, environmentId);
    await enqueue(pool, lane, clock.now(), ['bad', 'good', 'fine']);
    const tried: string[] = [];
    startPump({
      async serve(lease) {
        for (const row of await dueRows(pool, lease, clock.now(), 10)) {
          tried.push(row.trace_id);
          const fails = row.trace_id === 'bad' && tried.filter((trace) => trace === 'bad').length < 3;
          if (fails) await parkRow(pool, row.id, clock.now(), new Date(clock.now().getTime() + 30_000));
          else await deliverRows(pool, lease, [row.id], clock.now());
        }
      },
    });
    await until(async () => tried.length === 3 && (await countPending(pool)) === 1);
    await pause(50);
    expect(tried.toSorted()).toEqual(['bad', 'fine', 'good']);
    clock.advance(30_000);
    await until(() => tried.length === 4);
    clock.advance(30_000);
    await until(async () => (await countAwake(pool)) === 0);
    expect(await countPending(pool)).toBe(0);
  });

  test('an ordered lane keeps its order with many pumps, failing rows and inserts meanwhile', async () => {
    const lane = await addLane(pool, environmentId, { ordered: true });
    const sent: number[] = [];
    let failures = 0;
    const serve = async (lease: LaneLease) => {
      for (let served = 0; served < 3; served++) {
        const [row] = await dueHead(pool, lease, clock.now());
        if (!row) return;
        if (Number(row.trace_id) % 7 === 0 && failures < 5) {
          failures++;
          await parkRow(pool, row.id, clock.now(), new Date(clock.now().getTime() + 1000));
        } else if ((await deliverRows(pool, lease, [row.id], clock.now())) === 1) sent.push(Number(row.trace_id));
      }
    };
    for (let i = 0; i < 3; i++) startPump({ serve });
    for (let i = 0; i < 60; i++) {
      clock.advance(1000); // ids sort by their time
      await enqueue(pool, lane, clock.now(), [String(i)]);
    }
    await until(() => {
      clock.advance(1000);
      return sent.length === 60;
    });
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    expect(failures).toBe(5);
  });
});

describe('a serve that throws', () => {
  test('is logged without its message, and its lane rests', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let tries = 0;
    startPump({
      restMs: 5000,
      async serve() {
        tries++;
        throw new TypeError('heart rate 61');
      },
    });
    await until(() => tries === 1);
    await pause(60);
    expect(tries).toBe(1);
    clock.advance(5000);
    await until(() => tries === 2);
    const errors = log.lines.filter((line) => line.level === 'error');
    expect(errors[0]?.fields).toMatchObject({ error: 'TypeError', kind: 'deliver' });
    expect(JSON.stringify(log.lines)).not.toContain('heart rate');
  });

  test('new rows do not cut the rest short, and other lanes are served', async () => {
    const broken = await addLane(pool, environmentId);
    await enqueue(pool, broken, clock.now(), ['a']);
    const sent: string[] = [];
    let tries = 0;
    startPump({
      async serve(lease, control) {
        if (lease.laneId === broken.laneId && ++tries === 1) throw new Error('first time');
        await deliverAll(sent)(lease, control);
      },
    });
    await until(() => tries === 1);
    await enqueue(pool, broken, clock.now(), ['b']);
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['other']);
    await until(() => sent.length === 1);
    await pause(40);
    expect(sent).toEqual(['other']);
    expect(tries).toBe(1);
    clock.advance(5000);
    await until(() => sent.length === 3);
  });
});

describe('a lease', () => {
  test('lives as long as its lane is served', async () => {
    const lane = await addLane(pool, environmentId);
    await enqueue(pool, lane, clock.now(), ['a']);
    const sent: string[] = [];
    let end = () => {};
    let controlled: LaneControl | undefined;
    startPump({
      leaseMs: 30,
      async serve(lease, control) {
        controlled = control;
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        await deliverAll(sent)(lease, control);
      },
    });
    await until(() => controlled !== undefined);
    const leasedUntil = async () =>
      (await pool.query<{ leased_until: Date }>('select leased_until from lanes')).rows[0]?.leased_until.getTime() ?? 0;
    for (let i = 0; i < 5; i++) {
      clock.advance(20);
      const wanted = clock.now().getTime() + 30;
      await until(async () => (await leasedUntil()) >= wanted);
    }
    expect(controlled?.lost).toBe(false);
    end();
    await until(() => sent.length === 1);
  });

  test('that another took over aborts the serve, and is not given back', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let seen: LaneControl | undefined;
    let aborted = false;
    startPump({
      leaseMs: 90,
      pollMs: 3_600_000,
      async serve(_lease, control) {
        seen = control;
        await new Promise<void>((resolve) => control.signal.addEventListener('abort', () => resolve()));
        aborted = true;
      },
    });
    await until(() => seen !== undefined);
    clock.advance(100_000);
    let taken: LaneLease | undefined;
    await until(async () => {
      // The pump may extend first: then the lease has to run out again.
      [taken] = await lanes.claim('deliver', clock.now(), 60_000, 1);
      if (!taken) clock.advance(100_000);
      return taken !== undefined;
    });
    await until(() => aborted);
    expect(seen?.lost).toBe(true);
    await until(() => log.lines.some((line) => line.message === 'a lease was lost while its lane was served'));
    if (!taken) throw new Error('not taken over');
    expect(await lanes.extend(taken, clock.now(), 60_000)).toBe(true);
  });

  test('of a worker that vanished is taken over when it has run out', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    const [crashed] = await lanes.claim('deliver', clock.now(), 15_000, 1);
    const sent: string[] = [];
    startPump({ serve: deliverAll(sent) });
    clock.advance(14_999);
    await pause(60);
    expect(sent).toEqual([]);
    clock.advance(1);
    await until(() => sent.length === 1);
    if (!crashed) throw new Error('not claimed');
    expect(await lanes.extend(crashed, clock.now(), 15_000)).toBe(false);
  });

  test('that cannot be extended is given up when it may have run out', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let control: LaneControl | undefined;
    let fail = false;
    const failing: LaneQueue = {
      ...lanes,
      extend: (...call) => (fail ? Promise.reject(new Error('no connection')) : lanes.extend(...call)),
    };
    startPump({
      lanes: failing,
      leaseMs: 30,
      async serve(_lease, given) {
        control ??= given; // once it has run out, the pump may take the lane over from itself
        await new Promise<void>((resolve) => given.signal.addEventListener('abort', () => resolve()));
      },
    });
    await until(() => control !== undefined);
    fail = true;
    await until(() => log.lines.some((line) => line.message === 'a lease could not be extended'));
    expect(control?.lost).toBe(false);
    clock.advance(30);
    await until(() => control?.lost === true);
  });
});

describe('stop', () => {
  test('lets running serves finish, gives their lanes back and claims no more', async () => {
    const lane = await addLane(pool, environmentId);
    await enqueue(pool, lane, clock.now(), ['a']);
    let finish = () => {};
    let stopping = false;
    const sent: string[] = [];
    const pump = startPump({
      stopMs: 20_000,
      async serve(lease, control) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        stopping = control.stopping;
        const rows = await dueRows(pool, lease, clock.now(), 1);
        await deliverRows(
          pool,
          lease,
          rows.map((row) => row.id),
          clock.now(),
        );
        sent.push(...rows.map((row) => row.trace_id));
      },
    });
    await until(async () => (await pool.query('select from lanes where lease is not null')).rowCount === 1);
    await pause(20);
    const stopped = pump.stop();
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['late']);
    pump.nudge();
    await pause(20);
    finish();
    await stopped;
    expect(sent).toEqual(['a']);
    expect(stopping).toBe(true);
    expect(await countPending(pool)).toBe(1);
    expect((await pool.query('select from lanes where lease is not null')).rowCount).toBe(0);
  });

  test('aborts a serve that takes too long, and its lane is free at once', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let began = false;
    const pump = startPump({
      stopMs: 30,
      async serve(_lease, control) {
        began = true;
        await new Promise((_, reject) => control.signal.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    });
    await until(() => began);
    await pump.stop();
    expect(await lanes.claim('deliver', clock.now(), 15_000, 1)).toHaveLength(1);
    expect(log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  test('does not wait for a serve that hears nothing', async () => {
    await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
    let end = () => {};
    let began = false;
    const pump = startPump({
      stopMs: 20,
      serve: () => {
        began = true;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    });
    await until(() => began);
    await pump.stop();
    expect(log.lines.map((line) => line.message)).toContain(
      'stopped with lanes still served; others take them when the lease ends',
    );
    end();
    await until(async () => (await pool.query('select from lanes where lease is not null')).rowCount === 0);
  });
});

test('claiming goes on after the database was away, and is logged once', async () => {
  await enqueue(pool, await addLane(pool, environmentId), clock.now(), ['a']);
  let away = 3;
  const sent: string[] = [];
  startPump({
    lanes: { ...lanes, claim: (...call) => (away-- > 0 ? Promise.reject(new Error('away')) : lanes.claim(...call)) },
    serve: deliverAll(sent),
  });
  await until(() => sent.length === 1);
  expect(log.lines.map((line) => line.message)).toEqual([
    'lanes cannot be claimed, trying on',
    'lanes are claimed again',
  ]);
});
