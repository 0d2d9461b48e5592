import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/harness/clock.ts';
import { freshDatabase, type TestDatabase } from '../../test/harness/database.ts';
import { openPool, pause, type RecordedLog, recordedLog, until } from '../../test/harness/lane-fixture.ts';
import { createTaskRunner, migrateTasks, type TaskHandler, type TaskRunner, tasksOn } from './tasks.ts';

let database: TestDatabase;
let pool: pg.Pool;
let log: RecordedLog;
let runners: TaskRunner[];

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, 12);
  await Promise.all([migrateTasks(pool), migrateTasks(pool)]);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});
beforeEach(() => {
  log = recordedLog();
  runners = [];
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  await pool.query('delete from graphile_worker._private_jobs');
});

async function startRunner(tasks: Record<string, TaskHandler>, stopMs = 5000): Promise<TaskRunner> {
  const runner = createTaskRunner({ pool, clock: fakeClock(), log, tasks, concurrency: 2, stopMs });
  runners.push(runner);
  await runner.start();
  return runner;
}

async function waiting(): Promise<number> {
  return (await pool.query('select from graphile_worker.jobs')).rowCount ?? Number.NaN;
}

describe('a task', () => {
  test('is run with its payload', async () => {
    const seen: unknown[] = [];
    await startRunner({ greet: async (payload) => void seen.push(payload) });
    await tasksOn(pool).add('greet', { to: 'you', times: [1, null] });
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ to: 'you', times: [1, null] }]);
    await until(async () => (await waiting()) === 0);
  });

  test('exists from the commit of the transaction that added it, and not after a rollback', async () => {
    const seen: unknown[] = [];
    const client = await pool.connect();
    await client.query('begin');
    await tasksOn(client).add('greet', { in: 'rolled back' });
    await client.query('rollback');
    await client.query('begin');
    await tasksOn(client).add('greet', { in: 'committed' });
    expect(await waiting()).toBe(0);
    await client.query('commit');
    client.release();
    await startRunner({ greet: async (payload) => void seen.push(payload) });
    await until(() => seen.length > 0);
    await until(async () => (await waiting()) === 0);
    expect(seen).toEqual([{ in: 'committed' }]);
  });

  test('with a key waits once, with the newest payload; the key is the task name’s own', async () => {
    const add = tasksOn(pool);
    await add.add('slice', { n: 1 }, { key: 'a' });
    await add.add('slice', { n: 2 }, { key: 'a' });
    await add.add('slice', { n: 3 }, { key: 'b' });
    await add.add('other', { n: 4 }, { key: 'a' });
    await add.add('slice', { n: 5 });
    await add.add('slice', { n: 6 });
    const seen: unknown[] = [];
    await startRunner({
      slice: async (payload) => void seen.push(payload.n),
      other: async (payload) => void seen.push(payload.n),
    });
    await until(async () => (await waiting()) === 0);
    expect(seen.toSorted()).toEqual([2, 3, 4, 5, 6]);
  });

  test('added again while it runs, runs again', async () => {
    const seen: unknown[] = [];
    let finish = () => {};
    await startRunner({
      async slice(payload) {
        seen.push(payload.n);
        if (seen.length === 1) {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }
      },
    });
    await tasksOn(pool).add('slice', { n: 1 }, { key: 'a' });
    await until(() => seen.length === 1);
    await tasksOn(pool).add('slice', { n: 2 }, { key: 'a' });
    finish();
    await until(() => seen.length === 2);
    await until(async () => (await waiting()) === 0);
    expect(seen).toEqual([1, 2]);
  });

  test('that throws is kept for another try; its message goes neither into the log nor the database', async () => {
    await startRunner({
      async broken() {
        throw new TypeError('glucose 5.4');
      },
    });
    await tasksOn(pool).add('broken', {});
    const failed = () => pool.query('select * from graphile_worker.jobs where attempts = 1 and locked_at is null');
    await until(async () => (await failed()).rowCount === 1);
    const { rows } = await failed();
    expect(rows[0]?.last_error).toContain('TypeError');
    expect(JSON.stringify([rows, log.lines])).not.toContain('glucose');
    expect(log.lines.filter((line) => line.level === 'error')).toMatchObject([
      { fields: { task: 'broken', error: 'TypeError' }, message: 'a task failed' },
    ]);
  });

  test('unknown to this process is left to one that knows it', async () => {
    await tasksOn(pool).add('foreign', {});
    await startRunner({ known: async () => {} });
    await tasksOn(pool).add('known', {});
    await until(async () => (await waiting()) === 1);
    expect(log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });
});

describe('stop', () => {
  test('waits for a task that runs', async () => {
    let done = false;
    let began = false;
    const runner = await startRunner({
      async slow() {
        began = true;
        await pause(100);
        done = true;
      },
    });
    await tasksOn(pool).add('slow', {});
    await until(() => began);
    await runner.stop();
    expect(done).toBe(true);
    expect(await waiting()).toBe(0);
  });

  test('gives a task back that does not end', async () => {
    let began = false;
    const runner = await startRunner(
      {
        endless: () => {
          began = true;
          return new Promise(() => {});
        },
      },
      10,
    );
    await tasksOn(pool).add('endless', {});
    await until(() => began);
    await runner.stop();
    expect((await pool.query('select from graphile_worker.jobs where locked_at is null')).rowCount).toBe(1);
  });

  test('before start, or twice, does nothing', async () => {
    const idle = createTaskRunner({ pool, clock: fakeClock(), log, tasks: {}, concurrency: 1 });
    await idle.stop();
    const runner = await startRunner({ known: async () => {} });
    await runner.stop();
    await runner.stop();
  });
});

describe('after a crash', () => {
  const old = "locked_at = now() - interval '5 minutes'";

  test('the tasks of the dead worker are run by a new one', async () => {
    const seen: unknown[] = [];
    await tasksOn(pool).add('slice', { n: 1 });
    await pool.query(`update graphile_worker._private_jobs set ${old}, locked_by = 'pool-dead', attempts = 1`);
    await startRunner({ slice: async (payload) => void seen.push(payload.n) });
    await until(() => seen.length === 1);
  });

  test('those of a living one are not', async () => {
    let runs = 0;
    let finish = () => {};
    const tasks = {
      async long() {
        runs++;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    };
    await startRunner(tasks);
    await tasksOn(pool).add('long', {});
    await until(() => runs === 1);
    await tasksOn(pool).add('unknown', {});
    await pool.query(`update graphile_worker._private_jobs set ${old}, locked_by = coalesce(locked_by, 'pool-dead')`);
    await startRunner(tasks);
    await until(() => log.lines.some((line) => line.message === 'tasks of processes that died are given back'));
    expect((await pool.query('select from graphile_worker.jobs where locked_at is not null')).rowCount).toBe(1);
    expect(runs).toBe(1);
    finish();
    await until(async () => (await waiting()) === 1);
  });

  test('the runner begins again after its connections were cut', async () => {
    let runs = 0;
    await startRunner({ known: async () => void runs++ });
    const outside = openPool(database.url, 1);
    await outside.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await tasksOn(outside).add('known', {});
    await until(() => runs === 1);
    await outside.end();
  });
});
