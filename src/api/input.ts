import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { Problem } from '../core/problem.ts';
import type { Route } from './route.ts';

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: false });

/** NUL and lone surrogates: legal in JSON, but neither text nor jsonb of the database can hold them. */
const UNSTORABLE = /[\0\p{Cs}]/u;
const POISON = ['__proto__', 'constructor', 'prototype'];

/** Reads the query and the body of one route. Both throw `bad_request` that names the parameter. */
export interface InputReader {
  query(raw: unknown): Record<string, unknown>;
  body(raw: unknown): unknown;
  params(raw: unknown): Record<string, string>;
}

function invalid(field: string): Problem {
  return new Problem('bad_request', { detail: `invalid ${field}`, field });
}

function properties(schema: TSchema | undefined): Record<string, { type?: string }> {
  return (schema as { properties?: Record<string, { type?: string }> } | undefined)?.properties ?? {};
}

function fieldOf(error: ErrorObject): string {
  if (error.keyword === 'required') return String(error.params.missingProperty);
  const first = error.instancePath.split('/')[1];
  return first === undefined || /^\d+$/.test(first) ? 'body' : first;
}

/** Query texts become what the schema says; anything but the exact spelling of a value is refused. */
function coerce(name: string, type: string | undefined, value: unknown): unknown {
  if (typeof value !== 'string' || UNSTORABLE.test(value)) throw invalid(name);
  if (type === 'boolean') {
    if (value !== 'true' && value !== 'false') throw invalid(name);
    return value === 'true';
  }
  if (type === 'integer') {
    if (!/^\d{1,15}$/.test(value)) throw invalid(name);
    return Number(value);
  }
  return value;
}

function refuseUnstorable(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  for (const [name, value] of Object.entries(body)) {
    const texts = Array.isArray(value) ? value : [value];
    if (texts.some((text) => typeof text === 'string' && UNSTORABLE.test(text))) {
      throw invalid(Array.isArray(body) ? 'body' : name);
    }
  }
}

function check(validate: ValidateFunction | undefined, value: unknown): void {
  if (validate && !validate(value)) throw invalid(fieldOf(validate.errors![0]!));
}

/** Compiles the schemas of a route once. */
export function inputReader(route: Pick<Route, 'query' | 'body'>): InputReader {
  const checkQuery = route.query && ajv.compile(route.query);
  const checkBody = route.body && ajv.compile(route.body);
  const declared = Object.entries(properties(route.query));
  const bodyIsObject = (route.body as { type?: string } | undefined)?.type === 'object';
  return {
    query(raw) {
      const given = (raw ?? {}) as Record<string, unknown>;
      if (POISON.some((name) => Object.hasOwn(given, name))) throw invalid('query');
      const query: Record<string, unknown> = {};
      for (const [name, schema] of declared) {
        if (given[name] !== undefined) query[name] = coerce(name, schema.type, given[name]);
      }
      check(checkQuery, query);
      return query;
    },
    body(raw) {
      const body = (raw ?? undefined) === undefined && bodyIsObject ? {} : raw;
      check(checkBody, body);
      if (checkBody) refuseUnstorable(body);
      return body;
    },
    params(raw) {
      const params = (raw ?? {}) as Record<string, string>;
      if (Object.values(params).some((value) => UNSTORABLE.test(value))) throw new Problem('not_found');
      return params;
    },
  };
}
