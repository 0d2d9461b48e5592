import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import pg from 'pg';
import { Problem } from '../core/problem.ts';
import type { Tables } from './tables.ts';

/** A pool stands for "each call its own transaction"; a client is inside the caller's transaction. */
export type Queryable = pg.Pool | pg.PoolClient;

/** Writes SQL; what it compiles is run by `run` on whichever connection the caller is on. */
export const sqlBuilder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

interface Built<R> {
  compile(): { sql: string; parameters: readonly unknown[] };
  execute(): Promise<R[]>;
}

/** Runs a built query and answers its rows. */
export async function rowsOf<R>(client: Queryable, query: Built<R>): Promise<R[]> {
  const { sql, parameters } = query.compile();
  const result = await run(client, { text: sql, values: [...parameters] });
  return result.rows as R[];
}

export async function firstOf<R>(client: Queryable, query: Built<R>): Promise<R | undefined> {
  return (await rowsOf(client, query))[0];
}

/** Runs a built statement and answers how many rows it changed. */
export async function change(client: Queryable, query: Omit<Built<unknown>, 'execute'>): Promise<number> {
  const { sql, parameters } = query.compile();
  return (await run(client, { text: sql, values: [...parameters] })).rowCount ?? 0;
}

/** An array parameter of uuids or numbers, which need none of the driver's escaping. */
export function plainArray(items: readonly (string | number | null)[]): string {
  return `{${items.map((item) => item ?? 'null').join()}}`;
}

/** An array parameter of instants. */
export function instantArray(instants: readonly Date[]): string {
  return `{${instants.map((instant) => instant.toISOString()).join()}}`;
}

/** Hand-written SQL; with a `name` it is prepared once for each connection. */
export async function run<R extends pg.QueryResultRow = pg.QueryResultRow>(
  client: Queryable,
  query: { name?: string; text: string; values: unknown[] },
): Promise<pg.QueryResult<R>> {
  try {
    return await client.query<R>(query);
  } catch (error) {
    throw explained(error);
  }
}

const MOST_TRIES = 6;
/** Serialisation failure and deadlock. */
const RETRIED = new Set(['40001', '40P01']);

/**
 * Runs `work` in one READ COMMITTED transaction on a connection of its own. After a deadlock or a serialisation failure
 * it is rolled back and run again, at most five times, so `work` must have no effects but through the client.
 */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryTransaction(pool, work);
    } catch (error) {
      if (attempt === MOST_TRIES || !RETRIED.has(stateOf(error) ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5 * 2 ** attempt));
    }
  }
}

async function tryTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw explained(error);
  });
  let broken = false;
  const onError = () => {
    broken = true;
  };
  client.on('error', onError); // a connection that breaks between two statements must not end the process
  try {
    await run(client, { text: 'begin isolation level read committed', values: [] });
    const result = await work(client);
    await run(client, { text: 'commit', values: [] });
    return result;
  } catch (error) {
    await client.query('rollback').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function stateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Connection lost, too many connections, shut down or out of space; the class is the first two characters. */
const AWAY = new Set(['08', '53', '57']);
/** A NUL in a text, or an escape for one in JSON: Postgres cannot store it. */
const UNSTORABLE = new Set(['22021', '22P05']);

/**
 * What a failed query throws: `unavailable` when the database is away, `bad_request` for a character that cannot be
 * stored, else the database's own error without the parts that quote rows.
 */
function explained(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) {
    const isOurs = error instanceof TypeError || error instanceof RangeError || !(error instanceof Error);
    return isOurs ? error : new Problem('unavailable', { cause: error });
  }
  error.detail = undefined;
  error.where = undefined;
  const state = error.code ?? '';
  if (AWAY.has(state.slice(0, 2))) return new Problem('unavailable', { cause: error });
  if (UNSTORABLE.has(state)) {
    return new Problem('bad_request', { detail: 'a text holds a character that cannot be stored', cause: error });
  }
  return error;
}
