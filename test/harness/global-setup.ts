import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { hasPostgres15 } from './debian-server.ts';
import { type DatabaseServer, type ServerName, startDatabaseServer } from './server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where test files ask for databases. */
    testDatabases: string;
  }
}

/**
 * Hands out databases to test files, which run in processes of their own. A server starts when the first database of its
 * kind is asked for, so runs without a database start none.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!hasPostgres15()) {
    console.warn('SKIPPED: tests on PostgreSQL 15, which is not on this machine (apt-get install postgresql-15)');
  }
  const folders: string[] = [];
  const servers = new Map<string, Promise<DatabaseServer>>();
  const serverOf = (name: ServerName) => {
    const started = servers.get(name) ?? start(name, folders);
    servers.set(name, started);
    return started;
  };
  const desk = createServer((request, response) => void answer(request, response, serverOf));
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  project.provide('testDatabases', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    for (const server of servers.values()) await (await server.catch(() => undefined))?.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  };
}

async function start(name: ServerName, folders: string[]): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), `solum-test-${name}-`));
  folders.push(folder);
  return startDatabaseServer(name, folder);
}

/** `GET /create?server=&kind=` answers an address; `GET /drop?server=&database=` answers nothing. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  serverOf: (name: ServerName) => Promise<DatabaseServer>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://desk');
  try {
    const server = await serverOf(searchParams.get('server') === '15' ? '15' : 'embedded');
    if (pathname === '/drop') await server.drop(searchParams.get('database') ?? '');
    const kind = searchParams.get('kind') === 'empty' ? 'empty' : 'migrated';
    response.end(pathname === '/create' ? await server.create(kind) : '');
  } catch (error) {
    response.statusCode = 500;
    response.end(error instanceof Error ? (error.stack ?? error.message) : 'failed');
  }
}
