import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { PROBLEMS } from '../core/problem.ts';
import { openApi } from './openapi.ts';
import { mainPath, routePaths } from './route.ts';
import { routes } from './routes.ts';
import { testApp } from './server.fixture.ts';

interface Operation {
  operationId: string;
  security: unknown[];
  parameters: { name: string; in: string; required: boolean }[];
  responses: Record<
    string,
    { content?: Record<string, { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> }> }
  >;
}

const document = openApi(routes, { publicUrl: 'http://localhost:3000', prefixes: ['/v2', '/api/v2'] });
const paths = document.paths as Record<string, Record<string, Operation>>;
const operations = Object.values(paths).flatMap((methods) => Object.values(methods));

test('each route of the table is in the document once', () => {
  expect(operations).toHaveLength(routes.length);
  expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(routes.length);
});

test('no two routes are served under one path', () => {
  const served = routes.flatMap((route) =>
    routePaths(route, ['/v2', '/api/v2']).map((path) => `${route.method} ${path}`),
  );
  expect(new Set(served).size).toBe(served.length);
});

test('references in the document lead somewhere, and no schema keeps an id of its own', () => {
  const text = JSON.stringify(document);
  const schemas = (document.components as { schemas: Record<string, unknown> }).schemas;
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)) expect(schemas).toHaveProperty(name!);
  expect(text).not.toContain('"$id"');
});

test('every example holds for its schema', () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ ...document, $id: 'document' });
  for (const operation of operations) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      for (const media of Object.values(answer.content ?? {})) {
        const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', '"document#/'));
        const values = [media.example, ...Object.values(media.examples ?? {}).map((example) => example.value)];
        for (const value of values.filter((candidate) => candidate !== undefined)) {
          expect(ajv.validate(schema, value), `${operation.operationId} ${status}: ${ajv.errorsText()}`).toBe(true);
        }
      }
    }
  }
});

test('routes with a key ask for it, and say how they refuse', () => {
  for (const route of routes.filter((candidate) => candidate.auth === 'key')) {
    const operation = paths[mainPath(route)]?.[route.method.toLowerCase()];
    expect(operation?.security).toEqual([{ devId: [], apiKey: [] }]);
    expect(operation?.responses).toHaveProperty(String(route.refusal ? PROBLEMS[route.refusal].status : 401));
  }
});

test('parameters in the path are declared', () => {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [, name] of path.matchAll(/\{([a-z]+)\}/g)) {
      for (const operation of Object.values(methods)) {
        expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }));
      }
    }
  }
});

test('document and pages come from this server alone', async () => {
  const { app } = testApp();
  const json = await app.inject({ url: '/openapi.json' });
  expect(json.json()).toEqual(JSON.parse(JSON.stringify(document)));
  const page = await app.inject({ url: '/docs' });
  expect(page.statusCode).toBe(200);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  expect(sources.length).toBeGreaterThan(3);
  for (const source of sources) {
    expect(source).toMatch(/^\/docs\//);
    expect((await app.inject({ url: source })).statusCode, source).toBe(200);
  }
});
