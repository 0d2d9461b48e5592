import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { Log } from '../core/log.ts';
import { sha256 } from '../lib/hash.ts';

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
const FILE_NAME = /^(\d{6})\.sql$/;
/** Any number that nothing else in the database locks. */
const ADVISORY_LOCK = 0x736f_6c75;

export interface Migration {
  number: number;
  sql: string;
  /** Hex SHA-256 of the text with line feeds only, so that a checkout with other line ends counts as the same. */
  checksum: string;
}

/**
 * Brings the database to the newest schema this code knows; answers how many migrations were applied. Each is its own
 * transaction, and a lock lets several processes start at once. Throws when the database is newer than the code, or when
 * an applied migration was edited since.
 */
export async function migrate(pool: pg.Pool, log?: Log): Promise<number> {
  return applyMigrations(pool, await readMigrations(FOLDER), log);
}

/** The numbered `.sql` files of a folder, in order. Throws when a number is missing. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(FILE_NAME.exec(name)?.[1]);
      if (number !== index + 1) throw new Error(`migration ${index + 1} is missing in ${folder}`);
      const sql = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      return { number, sql, checksum: sha256(sql).toString('hex') };
    }),
  );
}

/** As `migrate`, with the given migrations. */
export async function applyMigrations(pool: pg.Pool, migrations: Migration[], log?: Log): Promise<number> {
  const client = await pool.connect();
  let finished = false;
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await client.query(
      'create table if not exists solum_migrations (number integer primary key, checksum text not null)',
    );
    const missing = await findMissing(client, migrations);
    for (const migration of missing) {
      await apply(client, migration);
      log?.info({ migration: migration.number }, 'migration applied');
    }
    await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    finished = true;
    return missing.length;
  } finally {
    client.release(!finished); // closing the connection gives up the lock and what the failed migration did
  }
}

async function findMissing(client: pg.PoolClient, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ number: number; checksum: string }>(
    'select number, checksum from solum_migrations order by number',
  );
  for (const { number, checksum } of rows) {
    const migration = migrations[number - 1];
    if (!migration) {
      throw new Error(
        `the database is at migration ${rows.at(-1)?.number} and this version of Solum knows ${migrations.length}: start the version that migrated it, or a newer one`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new Error(
        `migration ${number} was applied with other content than this version of Solum has: applied migrations must never be edited, restore the file`,
      );
    }
  }
  return migrations.slice(rows.length);
}

async function apply(client: pg.PoolClient, { number, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  await client.query(sql);
  await client.query('insert into solum_migrations (number, checksum) values ($1, $2)', [number, checksum]);
  await client.query('commit');
}
