import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { mainPath, type Route } from '../../src/api/route.ts';
import { routes } from '../../src/api/routes.ts';
import { testApp } from '../../src/api/server.fixture.ts';
import { PREFIXES } from '../../src/api/server.ts';
import { USER_ID } from '../../src/api/services.fixture.ts';
import { problemBody } from '../../src/schema/problem.ts';
import { encodeSafely, type HostileRequest, hostileRequests } from './hostile-input.ts';

const SEED = 20_260_701;
const RUNS = 150;

const { app, key } = testApp();
const known = { user_id: USER_ID, reference_id: `person of ${key['dev-id']}`, resource: 'EXAMPLE' };
const ajv = new Ajv2020({ strict: false });
const isProblem = ajv.compile({ ...problemBody, additionalProperties: false });
const counts = new Map<string, Record<string, number>>();

afterAll(async () => {
  for (const [name, byStatus] of counts) {
    const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    const each = Object.entries(byStatus).map(([status, count]) => `${status}: ${count}`);
    console.log(`${name.padEnd(44)} ${String(total).padStart(4)} requests  ${each.join('  ')}`);
  }
  await app.close();
});

async function send(target: FastifyInstance, method: string, { path, query, headers, body }: HostileRequest) {
  const search = query.map(([name, value]) => `${encodeSafely(name)}=${encodeSafely(value)}`).join('&');
  const url = search ? `${path}?${search}` : path;
  return target.inject({ method: method as 'GET', url, headers, ...(body === undefined ? {} : { payload: body }) });
}

type Answer = Awaited<ReturnType<typeof send>>;

function note(name: string, status: number): void {
  const byStatus = counts.get(name) ?? {};
  byStatus[status] = (byStatus[status] ?? 0) + 1;
  counts.set(name, byStatus);
}

function expectProblem(answer: Answer): void {
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const body = answer.json();
  expect(isProblem(body), ajv.errorsText(isProblem.errors)).toBe(true);
  expect(body.message).toBe(body.detail);
  expect(answer.body).not.toMatch(/\bat .+\.ts:|node_modules/);
}

function expectWellFormed(route: Route, answer: Answer): void {
  expect(answer.statusCode).toBeLessThan(500);
  expect(answer.headers['terra-reference']).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers).not.toHaveProperty('x-injected');
  const isPage = String(answer.headers['content-type']).startsWith('text/html');
  if (answer.statusCode >= 400) {
    if (route.face === 'html' && isPage) return;
    expectProblem(answer);
    return;
  }
  const schema = route.answers[answer.statusCode];
  expect(schema, `an answer ${answer.statusCode} is declared`).toBeDefined();
  if (!String(answer.headers['content-type']).startsWith('application/json')) return;
  expect(answerCheck(route, answer.statusCode)(answer.json()), answer.body).toBe(true);
}

const checks = new Map<string, ValidateFunction>();

/** The declared schema of an answer; ids of shared parts are dropped, because they repeat inside one schema. */
function answerCheck(route: Route, status: number): ValidateFunction {
  const name = `${route.method} ${mainPath(route)} ${status}`;
  const schema = JSON.parse(JSON.stringify(route.answers[status], (key, value) => (key === '$id' ? undefined : value)));
  const check = checks.get(name) ?? ajv.compile(schema);
  checks.set(name, check);
  return check;
}

test.each(routes.map((route) => [`${route.method} ${mainPath(route)}`, route] as const))('%s', async (name, route) => {
  await fc.assert(
    fc.asyncProperty(hostileRequests(route, PREFIXES, { key, known }), async (request) => {
      const answer = await send(app, route.method, request);
      note(name, answer.statusCode);
      expectWellFormed(route, answer);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test('paths that nobody serves', async () => {
  const segment = fc.oneof(
    fc.webSegment(),
    fc.constantFrom('v2', 'auth', '..', '%2e%2e', '%zz', '*', ':id', '%00', 'userInfo'),
  );
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE');
  await fc.assert(
    fc.asyncProperty(method, fc.array(segment, { maxLength: 5 }), async (verb, parts) => {
      const answer = await app.inject({ method: verb as 'GET', url: `/${parts.join('/')}`, headers: key });
      note('any path', answer.statusCode);
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode >= 400 && verb !== 'HEAD') expectProblem(answer);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
