import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Log } from '../core/log.ts';
import { failureFields } from './failure.ts';
import { inTransaction } from './transaction.ts';

/** First key of the advisory locks that show which task workers live. */
const LOCK_SPACE = 0x736f_6c03;
const SWEEP_MS = 15_000;

const ALIVE = 'select pg_advisory_lock_shared($1::int, hashtext(worker)) from unnest($2::text[]) as worker';

/**
 * Workers that hold tasks but whose lock can be had. The pause covers the moment between a worker's first task and its
 * lock; both times are the database's own.
 */
const CRASHED = `
  with holders as materialized (
    select distinct locked_by from graphile_worker.jobs
    where locked_by is not null and locked_at < now() - interval '30 seconds'
  )
  select locked_by from holders where pg_try_advisory_xact_lock($1::int, hashtext(locked_by))`;

/**
 * Gives back the tasks of processes that died; by itself graphile-worker waits four hours. The connection it listens on
 * holds a lock for each of its workers, and a lock dies with its connection. A process that only lost that connection
 * may see a task of its own run a second time.
 */
export function watchCrashedWorkers(pool: pg.Pool, log: Log, events: EventEmitter): { stop(): Promise<void> } {
  const workers: string[] = [];
  let sweeping: Promise<void> | undefined;

  events.on('worker:create', ({ worker }: { worker: { workerId: string } }) => {
    workers.push(worker.workerId);
  });
  events.on('pool:listen:success', ({ client }: { client: pg.PoolClient }) => {
    client.query(ALIVE, [LOCK_SPACE, workers]).then(sweep, (error) => {
      log.warn(failureFields(error), 'task workers could not be marked as alive');
    });
  });
  events.on('pool:listen:release', ({ client }: { client: pg.PoolClient }) => {
    client.query('select pg_advisory_unlock_all()').catch(() => {}); // a broken connection holds no locks
  });

  function sweep(): void {
    sweeping ??= giveBack(pool, log).finally(() => {
      sweeping = undefined;
    });
  }

  const timer = setInterval(sweep, SWEEP_MS);
  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

async function giveBack(pool: pg.Pool, log: Log): Promise<void> {
  try {
    await inTransaction(pool, SWEEP_MS, async (tx) => {
      const { rows } = await tx.query<{ locked_by: string }>(CRASHED, [LOCK_SPACE]);
      if (rows.length === 0) return;
      const crashed = rows.map((row) => row.locked_by);
      await tx.query('select graphile_worker.force_unlock_workers($1::text[])', [crashed]);
      log.warn({ workers: crashed.length }, 'tasks of workers that died are given back');
    });
  } catch (error) {
    log.warn(failureFields(error), 'tasks of workers that died could not be looked for');
  }
}
