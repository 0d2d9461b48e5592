import type { FastifyInstance } from 'fastify';
import type { Log, LogFields } from '../core/log.ts';
import type { PageAnswer, ResultPages } from './pages.ts';
import { createServer, type ServerOptions } from './server.ts';
import { type FixtureServices, fixtureServices } from './services.fixture.ts';

function page(status: number, html: string): PageAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, html };
}

const testPages: ResultPages = {
  confirm: ({ action, providerName }) => page(200, `confirm ${providerName} ${action}`),
  isConfirmed: ({ csrf }) => csrf === 'from our form',
  failure: ({ reason }) => page(400, `failure ${reason}`),
  forward: ({ url }) => page(200, `forward ${url}`),
};

export interface TestApp extends FixtureServices {
  app: FastifyInstance;
  /** Everything that was logged, as text. */
  logged: string[];
  /** `dev-id` and `x-api-key` of the first environment. */
  key: Record<string, string>;
}

export function testApp(options: Partial<ServerOptions> = {}, fixture = fixtureServices()): TestApp {
  const logged: string[] = [];
  const write = (fields: LogFields, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const app = createServer({
    services: fixture.services,
    clock: { now: () => new Date('2026-07-10T12:00:00Z') },
    log,
    publicUrl: 'http://localhost:3000',
    loopback: true,
    production: false,
    health: async () => true,
    pages: testPages,
    ...options,
  });
  const devId = fixture.environments[0]?.devId ?? '';
  return { ...fixture, app, logged, key: { 'dev-id': devId, 'x-api-key': `key-of-${devId}` } };
}
