import pg from 'pg';
import type { Config } from '../config.ts';
import type { Log } from '../core/log.ts';
import { startEmbedded } from '../store/embedded/embedded.ts';
import { serverVersion } from '../store/server-version.ts';

export interface Database {
  pool: pg.Pool;
  /** Where it runs, without its password. */
  where: string;
  close(): Promise<void>;
}

/** For 36 lanes, the task runner and requests; each is needed for moments only. */
const CONNECTIONS = 24;

/**
 * Opens `DATABASE_URL`, or the embedded PostgreSQL of the data directory: a running one is shared, otherwise it is
 * started and ends with `close`. Errors say what is wrong and what to do.
 */
export async function openDatabase(config: Config, log: Log): Promise<Database> {
  if (config.databaseUrl) return open(config.databaseUrl, 'DATABASE_URL', log);
  const options = { dataDir: config.dataDir, log: (line: string) => log.debug({ line }, 'embedded PostgreSQL') };
  const server = await startEmbedded(options);
  const database = await open(server.url, `embedded in ${config.dataDir}`, log);
  return {
    ...database,
    close: async () => {
      await database.close();
      await server.stop();
    },
  };
}

async function open(url: string, where: string, log: Log): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, application_name: 'solum' });
  const broke = (error: Error) => log.warn({ code: (error as { code?: string }).code }, 'a database connection broke');
  pool.on('error', broke);
  pool.on('connect', (client) => client.on('error', broke)); // while it is checked out, the pool does not listen
  await checkVersion(pool, where);
  return { pool, where, close: () => pool.end() };
}

async function checkVersion(pool: pg.Pool, where: string): Promise<void> {
  let version: number;
  try {
    version = await serverVersion(pool);
  } catch (error) {
    await pool.end();
    const { code, message } = error as { code?: string; message: string };
    throw new Error(`the database (${where}) does not answer: ${code ?? message}`);
  }
  if (version >= 15) return;
  await pool.end();
  throw new Error(`the database (${where}) is PostgreSQL ${version}; Solum needs 15 or newer`);
}
