import type pg from 'pg';

/** Any number that nothing else in the database locks. */
const ADVISORY_LOCK = 0x736f_6c76;

/** Does `work` while no other process on this database does such work; they come one after the other. */
export async function inTurn<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let finished = false;
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    const result = await work();
    await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    finished = true;
    return result;
  } finally {
    client.release(!finished); // closing the connection gives up the lock
  }
}
