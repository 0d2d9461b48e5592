import type pg from 'pg';
import { run } from './database.ts';

/** What `doctor` wants to know of the database. Counts, never contents. */
export interface Inspection {
  /** Data keys by the id of the master key that wraps them. */
  keysByMaster: Map<string, number>;
  environments: number;
  productionEnvironments: number;
  deliveries: { waiting: number; dead: number; oldestWaitingAt: Date | undefined };
  needReconnecting: number;
}

const KEYS = 'select master_id, count(*)::int as n from vault_keys group by master_id';

const COUNTS = `
  select
    (select count(*)::int from environments) as environments,
    (select count(*)::int from environments where kind = 'production') as production,
    (select count(*)::int from deliveries where state = 'pending') as waiting,
    (select min(created_at) from deliveries where state = 'pending') as oldest,
    (select count(*)::int from deliveries where state = 'dead') as dead,
    (select count(*)::int from accounts where state = 'needs_reconnecting') as reconnect`;

interface Counts {
  environments: number;
  production: number;
  waiting: number;
  oldest: Date | null;
  dead: number;
  reconnect: number;
}

/** Looks at a migrated database. */
export async function inspect(pool: pg.Pool): Promise<Inspection> {
  const keys = await run<{ master_id: string; n: number }>(pool, { text: KEYS, values: [] });
  const counts = (await run<Counts & pg.QueryResultRow>(pool, { text: COUNTS, values: [] })).rows[0];
  return {
    keysByMaster: new Map(keys.rows.map((row) => [row.master_id, row.n])),
    environments: counts?.environments ?? 0,
    productionEnvironments: counts?.production ?? 0,
    deliveries: {
      waiting: counts?.waiting ?? 0,
      dead: counts?.dead ?? 0,
      oldestWaitingAt: counts?.oldest ?? undefined,
    },
    needReconnecting: counts?.reconnect ?? 0,
  };
}
