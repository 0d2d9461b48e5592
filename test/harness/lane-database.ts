import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';

export interface LaneDatabase {
  url: string;
  pool: pg.Pool;
  close(): Promise<void>;
}

export async function laneDatabase(): Promise<LaneDatabase> {
  const name = `q_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client('postgres://postgres@127.0.0.1:54871/postgres');
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = `postgres://postgres@127.0.0.1:54871/${name}`;
  const pool = openPool(url, 20);
  await pool.query(await readFile(new URL('../../src/store/migrations/000001.sql', import.meta.url), 'utf8'));
  return { url, pool, close: () => pool.end() };
}

export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
