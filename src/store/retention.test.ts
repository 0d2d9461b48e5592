import { expect, test } from 'vitest';
import { freshDatabase } from '../../test/harness/database.ts';
import { sweepEnded } from './retention.ts';

const NOW = new Date('2026-03-01T00:00:00Z');
const DAY_MS = 86_400_000;

test('what has long ended goes, what may still be used or told stays', async () => {
  const database = await freshDatabase();
  const { pool } = database;
  const environment = crypto.randomUUID();
  await pool.query(
    `insert into environments (id, dev_id, name, kind, settings, created_at) values ($1, 'd', 'n', 'testing', '{}', $2)`,
    [environment, NOW],
  );
  const at = (days: number) => new Date(NOW.getTime() + days * DAY_MS);
  const session = (id: string, expires: Date) =>
    pool.query(`insert into widget_sessions (environment_id, id, created_at, expires_at) values ($1, $2, $3, $3)`, [
      environment,
      id,
      expires,
    ]);
  const flow = (id: string, state: string, expires: Date) =>
    pool.query(
      `insert into auth_flows (environment_id, id, provider, transport, user_id, scopes, state, created_at, expires_at)
       values ($1, $2, 'X', 'sandbox', $2, '{}', $3, $4, $4)`,
      [environment, id, state, expires],
    );
  const [old, recent, ended, untold] = Array.from({ length: 4 }, () => crypto.randomUUID()) as [
    string,
    string,
    string,
    string,
  ];
  await session(old, at(-31));
  await session(recent, at(-1));
  await flow(ended, 'failed', at(-31));
  await flow(untold, 'pending', at(-31));
  await pool.query(
    `insert into operator_tokens (hash, kind, created_at, expires_at) values ('a', 'link', $1, $2), ('b', 'link', $1, $3)`,
    [NOW, at(-0.01), at(1)],
  );
  await pool.query(
    `insert into sandbox_items (provider, kind, key, value, expires_at) values ('X', 'k', 'gone', '{}', $1), ('X', 'k', 'kept', '{}', null)`,
    [at(-1)],
  );

  expect(await sweepEnded(pool, NOW)).toBe(4);

  const left = async (table: string, column: string) =>
    (await pool.query(`select ${column} as v from ${table}`)).rows.map((row) => String(row.v));
  expect(await left('widget_sessions', 'id')).toEqual([recent]);
  expect(await left('auth_flows', 'id')).toEqual([untold]);
  expect(await left('operator_tokens', "encode(hash, 'escape')")).toEqual(['b']);
  expect(await left('sandbox_items', 'key')).toEqual(['kept']);
  expect(await sweepEnded(pool, NOW)).toBe(0);
  await database.close();
});
