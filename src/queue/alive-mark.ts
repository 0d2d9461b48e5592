import type pg from 'pg';

const MARK = 'select pg_advisory_lock_shared($1::int, hashtext($2))';

/**
 * Shows that a worker lives: a connection of its own holds an advisory lock in the worker's name, and the lock dies with
 * the connection, so with the process. Whoever can take that lock knows that the worker is gone.
 */
export interface AliveMark {
  /** Takes the mark unless it is held; again after its connection broke. */
  hold(): Promise<void>;
  /** Closes the connection, and so ends the lock. */
  drop(): void;
}

export function aliveMark(pool: pg.Pool, lockSpace: number, worker: string): AliveMark {
  let client: pg.PoolClient | undefined;
  function drop(): void {
    client?.release(true);
    client = undefined;
  }
  return {
    async hold() {
      if (client) return;
      const taken = await pool.connect();
      client = taken;
      taken.on('error', drop);
      await taken.query(MARK, [lockSpace, worker]).catch((error) => {
        drop();
        throw error;
      });
    },
    drop,
  };
}
