import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApi } from '../../src/api/openapi.ts';
import { mainPath, type Route } from '../../src/api/route.ts';
import { routes } from '../../src/api/routes.ts';
import { PREFIXES } from '../../src/api/server.ts';
import { problemBody } from '../../src/schema/problem.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';
import { encodeSafely, type HostileRequest, hostileRequests } from './hostile-input.ts';

const SEED = 20_260_701;
const RUNS = 150;
const REFERENCE_ID = 'a person with & and ü';

let server: TestServer;
let tenant: TestTenant;
let userId: string;

beforeAll(async () => {
  server = await startTestServer();
  tenant = await server.tenant('Fuzzed');
  userId = await server.connect(tenant, 'OURA', REFERENCE_ID);
});

/** Values that exist; a route that disconnected the user finds a new one connected. */
async function knownValues(): Promise<Record<string, string>> {
  const answer = await server.http.inject({ url: `/v2/userInfo?user_id=${userId}`, headers: tenant.key });
  if (answer.statusCode === 404) userId = await server.connect(tenant, 'OURA', REFERENCE_ID);
  const link = await server.http.inject({
    method: 'POST',
    url: '/v2/auth/authenticateUser?resource=OURA',
    headers: tenant.key,
  });
  const id = new URL(link.json().auth_url).pathname.split('/').at(-1) ?? '';
  return { user_id: userId, reference_id: REFERENCE_ID, resource: 'OURA', provider: 'oura', file: 'oura.svg', id };
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ ...openApi(routes, { publicUrl: 'http://localhost', prefixes: PREFIXES }), $id: 'document' });
const isProblem = ajv.compile({ ...problemBody, additionalProperties: false });
const counts = new Map<string, Record<string, number>>();

afterAll(async () => {
  for (const [name, byStatus] of counts) {
    const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    const each = Object.entries(byStatus).map(([status, count]) => `${status}: ${count}`);
    console.log(`${name.padEnd(44)} ${String(total).padStart(4)} requests  ${each.join('  ')}`);
  }
  await server?.close();
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

/** What the published document says about this answer. */
function answerCheck(route: Route, status: number): ValidateFunction {
  const path = mainPath(route)
    .replace(/:([A-Za-z]+)/g, '{$1}')
    .replaceAll('/', '~1');
  const place = `paths/${path}/${route.method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
  const check = ajv.getSchema(`document#/${encodeURI(place)}`);
  if (!check) throw new Error(`the document has no schema at ${place}`);
  return check;
}

test.each(routes.map((route) => [`${route.method} ${mainPath(route)}`, route] as const))(
  '%s',
  async (name, route) => {
    const known = await knownValues();
    await fc.assert(
      fc.asyncProperty(hostileRequests(route, PREFIXES, { key: tenant.key, known }), async (request) => {
        const answer = await send(server.http, route.method, request);
        note(name, answer.statusCode);
        expectWellFormed(route, answer);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  },
  120_000,
);

test('paths that nobody serves', async () => {
  const segment = fc.oneof(
    fc.webSegment(),
    fc.constantFrom('v2', 'auth', '..', '%2e%2e', '%zz', '*', ':id', '%00', 'userInfo'),
  );
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE');
  await fc.assert(
    fc.asyncProperty(method, fc.array(segment, { maxLength: 5 }), async (verb, parts) => {
      const answer = await server.http.inject({
        method: verb as 'GET',
        url: `/${parts.join('/')}`,
        headers: tenant.key,
      });
      note('any path', answer.statusCode);
      expect(answer.statusCode).toBeLessThan(500);
      const isPage = String(answer.headers['content-type']).startsWith('text/html');
      if (answer.statusCode >= 400 && verb !== 'HEAD' && !isPage) expectProblem(answer);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
