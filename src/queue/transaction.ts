import type pg from 'pg';

/**
 * Runs `work` in one READ COMMITTED transaction: each statement sees what was committed before it began, which the
 * lanes rely on. `lockTimeoutMs` bounds every wait for a lock.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  lockTimeoutMs: number,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError); // a connection that breaks between two statements must not end the process
  try {
    await client.query(`begin isolation level read committed; set local lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
