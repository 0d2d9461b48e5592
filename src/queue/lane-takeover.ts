import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { aliveMark } from './alive-mark.ts';
import { inTransaction } from './transaction.ts';

/** First key of the advisory locks that show which lane workers live. */
const LOCK_SPACE = 0x736f_6c04;
const WAIT_MS = 5_000;

/** Workers that hold lanes but whose lock can be had. A lease names its worker before the first slash. */
const DEAD = `
  with holders as materialized (
    select distinct split_part(lease, '/', 1) as worker from lanes where lease is not null and leased_until > $2
  )
  select worker from holders where worker <> '' and worker <> $3
    and pg_try_advisory_xact_lock($1::int, hashtext(worker))`;

const FREE = `
  update lanes set leased_until = $1
  where lease is not null and leased_until > $1 and split_part(lease, '/', 1) = any($2::text[])`;

export interface LaneTakeover {
  /**
   * Says that this worker lives and frees the lanes of those that died, so that their rows need not wait for the end
   * of a lease. Answers how many lanes. Must have run once before this worker claims.
   */
  sweep(): Promise<number>;
  stop(): void;
}

/**
 * Lets lanes of killed processes go on at once. A worker that only lost the connection of its mark may see a lane taken
 * over while it serves it; its lease token then no longer counts, as when a lease runs out.
 */
export function createLaneTakeover(pool: pg.Pool, worker: string, clock: Clock, log: Log): LaneTakeover {
  const mark = aliveMark(pool, LOCK_SPACE, worker);
  return {
    async sweep() {
      await mark.hold();
      const freed = await inTransaction(pool, WAIT_MS, async (tx) => {
        const now = clock.now();
        const { rows } = await tx.query<{ worker: string }>(DEAD, [LOCK_SPACE, now, worker]);
        if (rows.length === 0) return 0;
        return (await tx.query(FREE, [now, rows.map((row) => row.worker)])).rowCount ?? 0;
      });
      if (freed > 0) log.warn({ lanes: freed }, 'lanes of processes that died go on');
      return freed;
    },
    stop: () => mark.drop(),
  };
}
