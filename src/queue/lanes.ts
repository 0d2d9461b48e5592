import pg from 'pg';
import type { LaneKind, LaneLease, LaneQueue } from '../core/lanes.ts';
import { PREDECESSOR_GRACE_MS } from '../core/lanes.ts';
import type { LaneWaker } from '../core/store.ts';
import { inTransaction } from './transaction.ts';

/*
 * No wake-up is lost. A waker inserts its rows, takes the lane's advisory lock *shared* and only then, in statements of
 * their own, makes the lane due; it holds the lock until its commit. A worker that gives a lane back takes the same lock
 * *exclusively* and only then, again in a statement of its own, looks for the next due row and puts the lane to sleep.
 * Whoever gets the lock first:
 *
 * - the waker: the worker waits for the waker's commit, and its statement, which begins after that, sees the new rows;
 * - the worker: it may not see the uncommitted rows and puts the lane to sleep, but the waker waits for that commit, and
 *   its statement, which begins after that, sees a sleeping lane and makes it due.
 *
 * Both need READ COMMITTED: under a stricter level a statement would look at a snapshot older than the lock. The order
 * rows, then lock, is therefore safe, and best: the lock is held only for the last moments of a transaction.
 *
 * A lane that is awake is not written by its wakers, so inserters of one busy lane share a lock and never queue up on
 * its row. Row locks of sleeping lanes are taken in the order of lane ids.
 */

/** A pool stands for "each call its own transaction"; a client is inside the caller's transaction. */
export type Queryable = pg.Pool | pg.PoolClient;

/** A worker that cannot give its lane back within this time leaves it to the end of its lease. */
const RELEASE_WAIT_MS = 5_000;
const WAKE_WAIT_MS = 30_000;

const INSERT_LANES = `
  insert into lanes (kind, lane_id, environment_id, next_at)
  select $1, lane_id, $2, $4 from unnest($3::uuid[]) as lane_id order by lane_id
  on conflict do nothing`;

const WAKE_SLEEPING = `
  with asleep as materialized (
    select kind, lane_id from lanes
    where kind = $1 and lane_id = any($2::uuid[]) and next_at > $3
    order by lane_id
    for update
  )
  update lanes set next_at = $3 from asleep
  where lanes.kind = asleep.kind and lanes.lane_id = asleep.lane_id`;

/** `next_at < 'infinity'` says the same again, for the partial index. */
const CLAIM = `
  with due as materialized (
    select kind, lane_id from lanes
    where kind = $1 and next_at <= $2 and next_at < 'infinity' and (leased_until is null or leased_until <= $2)
    order by next_at
    limit $4
    for update skip locked
  )
  update lanes set lease = $5 || '/' || gen_random_uuid(), leased_until = $3 from due
  where lanes.kind = due.kind and lanes.lane_id = due.lane_id
  returning lanes.lane_id, lanes.lease`;

const EXTEND = 'update lanes set leased_until = $4 where kind = $1 and lane_id = $2 and lease = $3';

/** When a delivery's pending predecessor lets it pass; null without one, infinity while that one was never tried. */
const GATE = `(
  select coalesce(p.first_attempt_at + ${PREDECESSOR_GRACE_MS} * interval '1 millisecond', 'infinity')
  from deliveries p
  where p.environment_id = d.environment_id and p.id = d.after_id and p.state = 'pending'
)`;

/** When the lane's next row is due, by kind, for the row of `lanes` in hand; null when nothing waits. $4 is now. */
const NEXT_DUE: Record<LaneKind, string> = {
  normalise: `
    select min(r.due_at) from raw_records r
    where r.connection_id = lanes.lane_id and r.environment_id = lanes.environment_id and r.state = 'waiting'`,
  // The gated rows are looked at only before the first row that may pass, since none behind it can be due sooner, and
  // only if that is not due already.
  deliver: `
    with passable as (
      select d.due_at from deliveries d
      where d.lane_id = lanes.lane_id and d.state = 'pending'
        and (d.after_id is null or coalesce(${GATE}, '-infinity') <= $4::timestamptz)
      order by d.due_at limit 1
    ), gated as (
      select min(greatest(d.due_at, ${GATE})) as due_at from deliveries d
      where d.lane_id = lanes.lane_id and d.state = 'pending' and d.after_id is not null
        and d.due_at < coalesce((select due_at from passable), 'infinity')
    ), head as (
      select d.due_at from deliveries d where d.lane_id = lanes.lane_id and d.state = 'pending' order by d.id limit 1
    ), destination as (
      select t.ordered, t.next_at from destinations t
      where t.active and t.environment_id = lanes.environment_id
        and t.id = (select d.destination_id from deliveries d
                    where d.lane_id = lanes.lane_id and d.state = 'pending' limit 1)
    )
    select greatest(destination.next_at, case
      when destination.ordered then (select due_at from head)
      when (select due_at from passable) <= $4 then $4
      else least((select due_at from passable), (select due_at from gated)) end)
    from destination`,
};

/** Not before now: a lane with a backlog goes behind the lanes that became due meanwhile. */
function releaseStatement(kind: LaneKind): string {
  return `
    update lanes set lease = null, leased_until = null,
      next_at = greatest($4, coalesce((${NEXT_DUE[kind]}), 'infinity'))
    where kind = $1 and lane_id = $2 and lease = $3`;
}

/**
 * Wakes lanes. On a client: inside its transaction, which must be READ COMMITTED and should do it last. On a pool: in a
 * transaction of its own, after the rows were committed.
 */
export function lanesOn(client: Queryable): LaneWaker {
  return {
    async wake(kind, environmentId, laneIds, dueAt) {
      if (laneIds.length === 0) return;
      const wake = (tx: pg.PoolClient) => wakeIn(tx, kind, environmentId, laneIds, dueAt);
      await (client instanceof pg.Pool ? inTransaction(client, WAKE_WAIT_MS, wake) : wake(client));
    },
  };
}

async function wakeIn(
  tx: pg.PoolClient,
  kind: LaneKind,
  environmentId: string,
  laneIds: string[],
  dueAt: Date,
): Promise<void> {
  const keys = [...new Set(laneIds.map(lockKey))].sort((a, b) => a - b);
  await tx.query('select pg_advisory_xact_lock_shared($1::int, key) from unnest($2::int[]) as key', [
    LOCK_SPACE[kind],
    keys,
  ]);
  await tx.query(INSERT_LANES, [kind, environmentId, laneIds, dueAt]);
  await tx.query(WAKE_SLEEPING, [kind, laneIds, dueAt]);
}

/** `worker` stands in each lease, so that others can tell whose it was; it has no slash. */
export function createLaneQueue(pool: pg.Pool, worker = ''): LaneQueue {
  return {
    async claim(kind, now, leaseMs, limit) {
      const leasedUntil = new Date(now.getTime() + leaseMs);
      const values = [kind, now, leasedUntil, limit, worker];
      const { rows } = await pool.query<{ lane_id: string; lease: string }>(CLAIM, values);
      return rows.map((row) => ({ kind, laneId: row.lane_id, token: row.lease, leasedUntil }));
    },
    async extend(lease, now, leaseMs) {
      const leasedUntil = new Date(now.getTime() + leaseMs);
      const { rowCount } = await pool.query(EXTEND, [...leaseKey(lease), leasedUntil]);
      return rowCount === 1;
    },
    async release(lease, now) {
      await inTransaction(pool, RELEASE_WAIT_MS, async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1::int, $2::int)', [
          LOCK_SPACE[lease.kind],
          lockKey(lease.laneId),
        ]);
        await tx.query(releaseStatement(lease.kind), [...leaseKey(lease), now]);
      });
    },
  };
}

function leaseKey(lease: LaneLease): string[] {
  return [lease.kind, lease.laneId, lease.token];
}

/** First keys of Postgres's two-key advisory locks. */
const LOCK_SPACE: Record<LaneKind, number> = { normalise: 0x736f_6c01, deliver: 0x736f_6c02 };

/**
 * Lanes share 1024 locks by the random end of their uuid: a transaction that wakes a hundred thousand lanes must not
 * overflow Postgres's lock table. Sharing one costs a short wait, nothing else.
 */
function lockKey(laneId: string): number {
  return Number.parseInt(laneId.slice(-3), 16) & 1023;
}
