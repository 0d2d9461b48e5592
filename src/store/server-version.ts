import type pg from 'pg';

/** Major version of the PostgreSQL that answers, e.g. 15. */
export async function serverVersion(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ server_version_num: string }>('show server_version_num');
  return Math.floor(Number(rows[0]?.server_version_num) / 10_000);
}
