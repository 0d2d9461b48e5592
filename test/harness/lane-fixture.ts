import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { LaneLease } from '../../src/core/lanes.ts';
import { PREDECESSOR_GRACE_MS } from '../../src/core/lanes.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import { uuid7 } from '../../src/lib/ids.ts';
import { lanesOn, type Queryable } from '../../src/queue/lanes.ts';

/*
 * Rows that wait in lanes, written and served in plain SQL: the queue is tested without the store, which it does not know.
 */

export interface RecordedLog extends Log {
  lines: { level: string; fields: LogFields; message: string }[];
}

export function recordedLog(): RecordedLog {
  const lines: RecordedLog['lines'] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Waits until `check` holds; fails after a generous while, since what it waits for never comes. */
export async function until(check: () => boolean | Promise<boolean>, what = 'the expected state'): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Further connections to a test database, as another process would have them. */
export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A reproducible source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export async function addEnvironment(pool: pg.Pool): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `insert into environments (id, dev_id, name, kind, settings, created_at)
     values ($1, $2, 'lanes', 'testing', '{}', $3)`,
    [id, `lanes-${id}`, new Date(0)],
  );
  return id;
}

export async function addDestination(
  pool: pg.Pool,
  environmentId: string,
  options: { ordered?: boolean; active?: boolean; nextAt?: Date } = {},
): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `insert into destinations (environment_id, id, type, config, display, ordered, active, own_secret, timeout_ms,
       concurrency, max_attempts, next_at, created_at)
     values ($1, $2, 'webhook', '', '{}', $3, $4, false, 1000, 10, 10, $5, $6)`,
    [environmentId, id, options.ordered ?? false, options.active ?? true, options.nextAt ?? null, new Date(0)],
  );
  return id;
}

export interface LaneRef {
  environmentId: string;
  destinationId: string;
  laneId: string;
}

/** A lane for each destination, as unordered destinations have it. */
export async function addLane(
  pool: pg.Pool,
  environmentId: string,
  options: Parameters<typeof addDestination>[2] = {},
): Promise<LaneRef> {
  const destinationId = await addDestination(pool, environmentId, options);
  return { environmentId, destinationId, laneId: destinationId };
}

/** Inserts a pending delivery; the lane is not woken. */
export async function insertDelivery(
  client: Queryable,
  lane: LaneRef,
  dueAt: Date,
  options: { id?: string; afterId?: string; firstAttemptAt?: Date; state?: string; trace?: string } = {},
): Promise<string> {
  const id = options.id ?? uuid7(dueAt);
  await client.query(
    `insert into deliveries (environment_id, id, event_id, destination_id, lane_id, trace_id, state, after_id, due_at,
       first_attempt_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)`,
    [
      lane.environmentId,
      id,
      randomUUID(),
      lane.destinationId,
      lane.laneId,
      options.trace ?? 'trace',
      options.state ?? 'pending',
      options.afterId ?? null,
      dueAt,
      options.firstAttemptAt ?? null,
    ],
  );
  return id;
}

/** Inserts deliveries and wakes their lane in one transaction. */
export async function enqueue(pool: pg.Pool, lane: LaneRef, dueAt: Date, traces: string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const trace of traces) await insertDelivery(client, lane, dueAt, { trace });
    await lanesOn(client).wake('deliver', lane.environmentId, [lane.laneId], dueAt);
    await client.query('commit');
  } finally {
    client.release();
  }
}

export interface WaitingRow {
  id: string;
  trace_id: string;
}

/** Due rows of a lane, oldest first, but for those whose predecessor is in the way. */
export async function dueRows(pool: pg.Pool, lease: LaneLease, now: Date, limit: number): Promise<WaitingRow[]> {
  const { rows } = await pool.query<WaitingRow>(
    `select d.id, d.trace_id from deliveries d
     left join deliveries p on p.environment_id = d.environment_id and p.id = d.after_id and p.state = 'pending'
     where d.lane_id = $1 and d.state = 'pending' and d.due_at <= $2
       and (p.id is null or p.first_attempt_at <= $3)
     order by d.due_at, d.id limit $4`,
    [lease.laneId, now, new Date(now.getTime() - PREDECESSOR_GRACE_MS), limit],
  );
  return rows;
}

/** The first row of an ordered lane, if it is due. */
export async function dueHead(pool: pg.Pool, lease: LaneLease, now: Date): Promise<WaitingRow[]> {
  const { rows } = await pool.query<WaitingRow & { due_at: Date }>(
    `select id, trace_id, due_at from deliveries where lane_id = $1 and state = 'pending' order by id limit 1`,
    [lease.laneId],
  );
  return rows.filter((row) => row.due_at <= now);
}

/** Marks rows delivered if the lease is still ours; answers how many it changed. */
export async function deliverRows(pool: pg.Pool, lease: LaneLease, ids: string[], now: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `with held as materialized (
       select from lanes where kind = $1 and lane_id = $2 and lease = $3 for share
     )
     update deliveries set state = 'delivered', delivered_at = $5, attempts = attempts + 1
     where exists (select from held) and id = any($4::uuid[]) and state = 'pending'`,
    [lease.kind, lease.laneId, lease.token, ids, now],
  );
  return rowCount ?? 0;
}

export async function parkRow(pool: pg.Pool, id: string, now: Date, dueAt: Date): Promise<void> {
  await pool.query(
    `update deliveries set due_at = $3, attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, $2)
     where id = $1`,
    [id, now, dueAt],
  );
}

/** When the lane is due next; Infinity: it sleeps. Undefined: there is no such lane. */
export async function nextAt(pool: pg.Pool, lane: { laneId: string }): Promise<number | undefined> {
  const { rows } = await pool.query<{ next_at: Date | number }>('select next_at from lanes where lane_id = $1', [
    lane.laneId,
  ]);
  const at = rows[0]?.next_at;
  return at instanceof Date ? at.getTime() : at;
}

export async function countPending(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from deliveries where state = 'pending'`);
  return rows[0]?.n ?? Number.NaN;
}

export async function countAwake(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from lanes where next_at < 'infinity' or lease is not null`,
  );
  return rows[0]?.n ?? Number.NaN;
}
