import pg from 'pg';
import { describe, inject, test } from 'vitest';
import { hasPostgres15 } from './debian-server.ts';
import type { ServerName } from './server.ts';

export interface TestDatabase {
  /** Address of this database alone, for tools that connect by themselves. */
  url: string;
  pool: pg.Pool;
  close(): Promise<void>;
}

/** A new, migrated, empty-tabled database on a server of this test run. Call `close` when done. */
export function freshDatabase(server: ServerName = 'embedded'): Promise<TestDatabase> {
  return openDatabase(server, 'migrated');
}

/** A new database without any table. */
export function emptyDatabase(server: ServerName = 'embedded'): Promise<TestDatabase> {
  return openDatabase(server, 'empty');
}

/** Runs the same tests on the embedded PostgreSQL and on PostgreSQL 15; says so where 15 is missing. */
export function onEachServer(name: string, tests: (server: ServerName) => void): void {
  describe(`${name} (embedded PostgreSQL)`, () => tests('embedded'));
  if (hasPostgres15()) describe(`${name} (PostgreSQL 15)`, () => tests('15'));
  else test.skip(`${name} (PostgreSQL 15 is not on this machine: apt-get install postgresql-15)`, () => {});
}

async function openDatabase(server: ServerName, kind: 'migrated' | 'empty'): Promise<TestDatabase> {
  const url = await ask('create', { server, kind });
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => {});
  return {
    url,
    pool,
    async close() {
      await pool.end();
      await ask('drop', { server, database: new URL(url).pathname.slice(1) });
    },
  };
}

async function ask(action: string, query: Record<string, string>): Promise<string> {
  const answer = await fetch(`${inject('testDatabases')}/${action}?${new URLSearchParams(query)}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the test run's database server says: ${text}`);
  return text;
}
