import type { TSchema } from 'typebox';
import { PROBLEMS, type ProblemCode } from '../core/problem.ts';
import { eventSchemas } from '../schema/events.ts';
import { problemBody } from '../schema/problem.ts';
import { mainPath, type Route, type RouteAuth } from './route.ts';

type Json = Record<string, unknown>;

const SECURITY: Record<RouteAuth, Json[]> = {
  key: [{ devId: [], apiKey: [] }],
  'dev-id': [{}, { devId: [] }],
  public: [],
  operator: [{ operatorSession: [] }],
  hook: [],
};

const AUTH_PROBLEMS: Record<RouteAuth, ProblemCode[]> = {
  key: ['headers_missing', 'unauthorized'],
  'dev-id': [],
  public: [],
  operator: ['session_required'],
  hook: [],
};

/** Tuples come in the form of JSON Schema before 2020-12, which OpenAPI 3.1 no longer has. */
function inCurrentDialect(schema: Json): Json {
  if (!Array.isArray(schema.items)) return schema;
  const { items, additionalItems: _, ...rest } = schema;
  return { ...rest, prefixItems: items, items: false };
}

/** Collects schemas that have an `$id` under `components` and leaves references in their places. */
function hoister(components: Json): (schema: unknown) => unknown {
  const hoist = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(hoist);
    if (typeof schema !== 'object' || schema === null) return schema;
    const { $id, ...rest } = inCurrentDialect(schema as Json);
    const plain = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, hoist(value)]));
    if (typeof $id !== 'string') return plain;
    components[$id] ??= plain;
    return { $ref: `#/components/schemas/${$id}` };
  };
  return hoist;
}

function problemCodes(route: Route): ProblemCode[] {
  const own = AUTH_PROBLEMS[route.auth].map((code) => route.refusal ?? code);
  const input: ProblemCode[] = route.query || route.body ? ['bad_request'] : [];
  const body: ProblemCode[] = route.body ? ['too_large', 'unsupported_media'] : [];
  return [...new Set([...input, ...own, ...(route.problems ?? []), ...body, 'internal' as const])];
}

function problemExample(code: ProblemCode, path: string): Json {
  const { title, detail } = PROBLEMS[code];
  return {
    summary: code,
    value: { type: 'about:blank', title, instance: path, detail, status: 'error', message: detail },
  };
}

function problemAnswers(route: Route, hoist: (schema: unknown) => unknown): Json {
  const answers: Record<string, { description: string; headers: Json; content: Json }> = {};
  const examples: Record<string, Json> = {};
  for (const code of problemCodes(route)) {
    const { status, title } = PROBLEMS[code];
    examples[status] = { ...examples[status], [code]: problemExample(code, mainPath(route)) };
    answers[status] = {
      description: title,
      headers: REFERENCE,
      content: { 'application/problem+json': { schema: hoist(problemBody), examples: examples[status] } },
    };
  }
  return answers;
}

const REFERENCE: Json = {
  'terra-reference': {
    description: 'Ties this answer to the events that it causes.',
    schema: { type: 'string', format: 'uuid' },
  },
};

function mediaType(schema: TSchema): string {
  return String((schema as { contentMediaType?: string }).contentMediaType ?? 'application/json');
}

function goodAnswers(route: Route, hoist: (schema: unknown) => unknown): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => {
      const example = route.examples?.[Number(status)];
      const content = { schema: hoist(schema), ...(example === undefined ? {} : { example }) };
      const hasBody = (schema as { type?: string }).type !== 'null';
      const described = (schema as { description?: string }).description;
      return [
        status,
        {
          description: described ?? (Number(status) < 300 ? 'Done.' : 'See the Location header.'),
          headers: REFERENCE,
          ...(hasBody ? { content: { [mediaType(schema)]: content } } : {}),
        },
      ];
    }),
  );
}

function parameters(route: Route, hoist: (schema: unknown) => unknown): Json[] {
  const inPath = [...mainPath(route).matchAll(/:([A-Za-z]+)/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = route.query as { properties?: Record<string, Json>; required?: string[] } | undefined;
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query?.required?.includes(name) ?? false,
    ...(schema.description === undefined ? {} : { description: schema.description }),
    schema: hoist(schema),
  }));
  return [...inPath, ...inQuery];
}

function operationId(route: Route): string {
  const words = mainPath(route)
    .replace(/^\/v2/, '')
    .split(/[^A-Za-z0-9]+/);
  const camel = words.filter((word) => word !== '').map((word) => word[0]!.toUpperCase() + word.slice(1));
  return `${route.method.toLowerCase()}${camel.join('')}`;
}

function requestBody(route: Route, hoist: (schema: unknown) => unknown): Json {
  if (!route.body) return {};
  const type = route.face === 'html' ? 'application/x-www-form-urlencoded' : 'application/json';
  const required = (route.body as { type?: string }).type === 'array';
  return { requestBody: { required, content: { [type]: { schema: hoist(route.body) } } } };
}

function otherPaths(route: Route, prefixes: readonly string[]): string {
  const others = [
    ...route.paths.slice(1).map((path) => `/v2${path}`),
    ...(route.paths.length ? (route.rootPaths ?? []) : []),
  ];
  const prefix = prefixes.filter((name) => name !== '/v2' && route.paths.length > 0);
  const notes = [
    ...(prefix.length > 0 ? [`Also served below ${prefix.join(', ')}.`] : []),
    ...(others.length > 0 ? [`Other paths of the same call: ${others.join(', ')}.`] : []),
  ];
  return notes.length > 0 ? `\n\n${notes.join(' ')}` : '';
}

function operation(route: Route, prefixes: readonly string[], hoist: (schema: unknown) => unknown): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: `${route.description}${otherPaths(route, prefixes)}`,
    tags: route.tags,
    security: SECURITY[route.auth],
    parameters: parameters(route, hoist),
    ...requestBody(route, hoist),
    responses: { ...goodAnswers(route, hoist), ...problemAnswers(route, hoist) },
  };
}

function webhooks(hoist: (schema: unknown) => unknown): Json {
  return Object.fromEntries(
    Object.entries(eventSchemas).map(([type, schema]) => [
      type,
      {
        post: {
          operationId: `event_${type}`,
          summary: `The ${type} event`,
          tags: ['Events'],
          security: [],
          requestBody: { content: { 'application/json': { schema: hoist(schema) } } },
          responses: { '2XX': { description: 'Received. Anything else is tried again.' } },
        },
      },
    ]),
  );
}

const securitySchemes: Json = {
  devId: { type: 'apiKey', in: 'header', name: 'dev-id', description: 'Names the environment.' },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'A key of that environment; keep it on a server.',
  },
  operatorSession: { type: 'apiKey', in: 'cookie', name: 'solum_operator', description: 'From the one-time link.' },
};

/** The OpenAPI 3.1 document of the table: each route once, under its first path. */
export function openApi(routes: readonly Route[], options: { publicUrl: string; prefixes: readonly string[] }): Json {
  const schemas: Json = {};
  const hoist = hoister(schemas);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = mainPath(route).replace(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, options.prefixes, hoist) };
  }
  const tags = [...new Set(routes.flatMap((route) => route.tags)), 'Events'];
  return {
    openapi: '3.1.0',
    info: {
      title: 'Solum',
      version: '2.0.0',
      description: 'Health data of the people who use your app, from the providers they connect.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.publicUrl }],
    tags: tags.map((name) => ({ name })),
    paths,
    webhooks: webhooks(hoist),
    components: { schemas, securitySchemes },
  };
}
