import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Log } from '../core/log.ts';
import { type AliveMark, aliveMark } from './alive-mark.ts';
import { failureFields } from './failure.ts';
import { inTransaction } from './transaction.ts';

/** First key of the advisory locks that show which task runners live. */
const LOCK_SPACE = 0x736f_6c03;
const SWEEP_MS = 15_000;

/**
 * Runners that hold tasks but whose lock can be had. The pause covers the moment between a runner's first task and its
 * lock; both times are the database's own.
 */
const CRASHED = `
  with holders as materialized (
    select distinct locked_by from graphile_worker.jobs
    where locked_by is not null and locked_at < now() - interval '30 seconds'
  )
  select locked_by from holders where pg_try_advisory_xact_lock($1::int, hashtext(locked_by))`;

/**
 * Gives back the tasks of processes that died; by itself graphile-worker waits four hours. Each runner keeps a
 * connection that holds a lock in its name, and a lock dies with its connection. A process that only lost that
 * connection may see a task of its own run a second time. `events` are those of the runner to come.
 */
export function watchCrashedRunners(pool: pg.Pool, log: Log, events: EventEmitter): { stop(): Promise<void> } {
  let mark: AliveMark | undefined;
  let sweeping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  events.once('pool:create', ({ workerPool }: { workerPool: { id: string } }) => {
    const own = aliveMark(pool, LOCK_SPACE, workerPool.id);
    mark = own;
    const sweep = () => {
      sweeping ??= sweepOnce(own).finally(() => {
        sweeping = undefined;
      });
    };
    timer = setInterval(sweep, SWEEP_MS);
    sweep();
  });

  async function sweepOnce(own: AliveMark): Promise<void> {
    try {
      await own.hold();
      await giveBack(pool, log);
    } catch (error) {
      log.warn(failureFields(error), 'tasks of processes that died could not be looked for');
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
      mark?.drop();
    },
  };
}

async function giveBack(pool: pg.Pool, log: Log): Promise<void> {
  const crashed = await inTransaction(pool, SWEEP_MS, async (tx) => {
    const { rows } = await tx.query<{ locked_by: string }>(CRASHED, [LOCK_SPACE]);
    const runners = rows.map((row) => row.locked_by);
    if (runners.length > 0) await tx.query('select graphile_worker.force_unlock_workers($1::text[])', [runners]);
    return runners.length;
  });
  if (crashed > 0) log.warn({ runners: crashed }, 'tasks of processes that died are given back');
}
