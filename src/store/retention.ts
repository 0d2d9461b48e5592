import type pg from 'pg';
import { run } from './database.ts';

const DAY_MS = 86_400_000;
const BATCH = 5_000;

/** What nobody can use any more, and how long after its end it is still kept for people who look something up. */
const ENDED: { table: string; key: string; endedAt: string; keepDays: number }[] = [
  { table: 'widget_sessions', key: 'id', endedAt: 'expires_at', keepDays: 30 },
  { table: 'auth_flows', key: 'id', endedAt: 'expires_at', keepDays: 30 },
  { table: 'operator_tokens', key: 'hash', endedAt: 'expires_at', keepDays: 0 },
  { table: 'sandbox_items', key: 'provider, kind, key', endedAt: 'expires_at', keepDays: 0 },
];

/** Deletes what has long ended, in batches; answers how many rows. Flows whose end was not yet told stay. */
export async function sweepEnded(pool: pg.Pool, now: Date): Promise<number> {
  let total = 0;
  for (const { table, key, endedAt, keepDays } of ENDED) {
    const open = table === 'auth_flows' ? "and state <> 'pending'" : '';
    const text = `
      delete from ${table} where (${key}) in
        (select ${key} from ${table} where ${endedAt} < $1 ${open} limit ${BATCH} for update skip locked)`;
    const before = new Date(now.getTime() - keepDays * DAY_MS);
    for (;;) {
      const count = (await run(pool, { text, values: [before] })).rowCount ?? 0;
      total += count;
      if (count < BATCH) break;
    }
  }
  return total;
}
