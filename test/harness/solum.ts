import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { readConfig } from '../../src/config.ts';
import type { Environment } from '../../src/core/environment.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { App } from '../../src/main/app.ts';
import { openApp } from '../../src/main/open-app.ts';
import { Browser, consentTo } from './browser.ts';
import { freshDatabase } from './database.ts';
import { freePort } from './free-port.ts';

/** An environment of the test server with the headers of its key. */
export interface TestTenant {
  environment: Environment;
  apiKey: string;
  signingSecret: string;
  /** `dev-id` and `x-api-key`. */
  key: Record<string, string>;
}

export interface TestServer {
  app: App;
  http: FastifyInstance;
  /** `http://localhost:<port>`: the server listens. */
  url: string;
  /** Everything that was logged, one text a line. */
  logged: string[];
  tenant(name: string): Promise<TestTenant>;
  /** Connects a simulated person to the tenant as a browser would, and answers the user id. */
  connect(tenant: TestTenant, provider: string, referenceId: string): Promise<string>;
  close(): Promise<void>;
}

/** The whole product in this process: a database of its own, services, simulated providers and the HTTP server. */
export async function startTestServer(): Promise<TestServer> {
  const database = await freshDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'solum-wire-'));
  const logged: string[] = [];
  const app = await openApp(await testConfig(database.url, dataDir), memoryLog(logged));
  const http = app.createHttp();
  await http.listen({ port: app.config.port, host: '127.0.0.1' });
  const url = app.config.publicUrl;
  return {
    app,
    http,
    url,
    logged,
    tenant: (name) => newTenant(app, name),
    connect: (tenant, provider, referenceId) => connect(url, tenant, provider, referenceId),
    async close() {
      await http.close();
      await app.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function testConfig(databaseUrl: string, dataDir: string) {
  const result = readConfig({
    PORT: String(await freePort()),
    DATABASE_URL: databaseUrl,
    SOLUM_DATA_DIR: dataDir,
    SOLUM_SANDBOX: 'on',
  });
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  return result.config;
}

function memoryLog(lines: string[]): Log {
  const write = (fields: LogFields, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { debug: write, info: write, warn: write, error: write };
}

async function newTenant(app: App, name: string): Promise<TestTenant> {
  const made = await app.services.environments.create({ name });
  return { ...made, key: { 'dev-id': made.environment.devId, 'x-api-key': made.apiKey } };
}

async function connect(url: string, tenant: TestTenant, provider: string, referenceId: string): Promise<string> {
  const answer = await fetch(`${url}/v2/auth/authenticateUser?resource=${provider}`, {
    method: 'POST',
    headers: { ...tenant.key, 'content-type': 'application/json' },
    body: JSON.stringify({ reference_id: referenceId, auth_success_redirect_url: 'https://app.example/connected' }),
  });
  const { auth_url: authUrl } = (await answer.json()) as { auth_url: string };
  const landed = await consentTo(new Browser(), authUrl);
  const userId = new URL(landed).searchParams.get('user_id');
  if (!landed.startsWith('https://app.example/connected') || !userId) throw new Error(`not connected: ${landed}`);
  return userId;
}
