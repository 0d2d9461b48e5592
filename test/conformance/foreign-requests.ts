import type { TSchema } from 'typebox';
import { type Route, routePaths } from '../../src/api/route.ts';

/** Values of an environment by the name of the parameter that takes them. */
export type Planted = Record<string, string>;

export interface ForeignRequest {
  method: string;
  url: string;
  payload: unknown;
}

function namesOf(schema: TSchema | undefined): { names: string[]; isList: boolean } {
  const { properties, type } = (schema ?? {}) as { properties?: Record<string, unknown>; type?: string };
  return { names: Object.keys(properties ?? {}), isList: type === 'array' };
}

/** Values that make a request valid where nothing of anyone is needed. */
const HARMLESS: Planted = { start_date: '2026-06-20', end_date: '2026-07-01', to_webhook: 'false', file: 'x.svg' };

function fill(names: string[], values: Planted): [string, string][] {
  const known = { ...HARMLESS, ...values };
  return names.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]] as [string, string]]));
}

/**
 * Requests to a route that carry `values` wherever its schemas have a place for them: each parameter alone and all
 * together, under every path of the route.
 */
export function requestsWith(route: Route, prefixes: readonly string[], values: Planted): ForeignRequest[] {
  const query = namesOf(route.query);
  const body = namesOf(route.body);
  const choices = [values, ...Object.entries(values).map(([name, value]) => ({ [name]: value })), {}];
  return routePaths(route, prefixes).flatMap((pattern) =>
    choices.map((choice: Planted) => {
      const path = pattern.replace(/:([A-Za-z]+)/g, (_, name: string) => values[name] ?? HARMLESS[name] ?? 'x');
      const search = new URLSearchParams(fill(query.names, choice)).toString();
      const listed = body.isList ? [choice.user_id ?? '11111111-1111-4111-8111-111111111111'] : undefined;
      const shaped = Object.fromEntries(fill(body.names, choice));
      return {
        method: route.method,
        url: search ? `${path}?${search}` : path,
        payload: route.method === 'GET' || !route.body ? undefined : (listed ?? shaped),
      };
    }),
  );
}
