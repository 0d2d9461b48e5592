import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrateTasks } from '../../src/queue/tasks.ts';
import { startEmbedded } from '../../src/store/embedded/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type RunningServer, startPostgres15 } from './debian-server.ts';

export type ServerName = 'embedded' | '15';

/** A PostgreSQL server of this test run, which copies databases from a template that was migrated once. */
export interface DatabaseServer {
  /** Answers the address of a new database. */
  create(kind: 'migrated' | 'empty'): Promise<string>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

const TEMPLATE = 'solum_template';

export async function startDatabaseServer(name: ServerName, folder: string): Promise<DatabaseServer> {
  const server = name === 'embedded' ? await startEmbeddedFast(folder) : await startPostgres15(folder);
  endWithUs(server.pid, folder);
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  admin.on('error', () => {});
  await admin.query(`create database ${TEMPLATE}`);
  const template = new pg.Pool({ connectionString: named(server.url, TEMPLATE), max: 1 });
  template.on('error', () => {});
  template.on('connect', (client) => client.on('error', () => {}));
  await migrate(template);
  await migrateTasks(template);
  await template.end();
  let count = 0;
  return {
    async create(kind) {
      count += 1;
      const database = `test_${count}`;
      await admin.query(`create database ${database} template ${kind === 'migrated' ? TEMPLATE : 'template0'}`);
      return named(server.url, database);
    },
    async drop(database) {
      await admin.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
    },
    async stop() {
      await admin.end();
      await server.stop();
    },
  };
}

async function startEmbeddedFast(folder: string): Promise<RunningServer> {
  const { url, stop } = await startEmbedded({ dataDir: folder, log: () => {} });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    await client.query(`alter system set ${setting} = off`);
  }
  await client.query('select pg_reload_conf()');
  const { rows } = await client.query<{ path: string }>(
    `select setting as path from pg_settings where name = 'data_directory'`,
  );
  await client.end();
  const pid = Number((await readFile(join(rows[0]?.path ?? '', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return { url, pid, stop };
}

/** A run that is killed must not leave its server behind: a shell waits for the end of our pipe and ends it. */
function endWithUs(pid: number, folder: string): void {
  const script = 'cat >/dev/null; kill -INT "$1" 2>/dev/null && sleep 2; rm -rf "$2"';
  const watch = spawn('sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
}

function named(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return address.href;
}
