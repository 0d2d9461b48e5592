import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../core/environment.ts';
import type { Log } from '../core/log.ts';
import type { ProblemCode } from '../core/problem.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import type { Services } from '../services/services.ts';
import type { ResultPages } from './pages.ts';

/**
 * Who may call a route.
 * `key`: `dev-id` and `x-api-key`. `dev-id`: anyone; the header, when known, narrows the answer to its environment.
 * `public`: anyone. `operator`: the browser session of the first-steps page. `hook`: the handler checks the caller.
 */
export type RouteAuth = 'key' | 'dev-id' | 'public' | 'operator' | 'hook';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What every handler can reach. */
export interface Ports {
  services: Services;
  clock: Clock;
  log: Log;
  /** Without a slash at the end. */
  publicUrl: string;
  pages: ResultPages;
  /** Where provider names and pictures come from. */
  providers: Pick<ProviderRegistry, 'find'> | undefined;
  /** Whether the database answers. */
  health(): Promise<boolean>;
}

type EnvironmentOf<A extends RouteAuth> = A extends 'key'
  ? Environment
  : A extends 'dev-id'
    ? Environment | undefined
    : undefined;

export interface Context<A extends RouteAuth = RouteAuth, Q = unknown, B = unknown> extends Ports {
  environment: EnvironmentOf<A>;
  query: Q;
  body: B;
  params: Record<string, string>;
  /** Value of this response's `terra-reference` header. */
  reference: string;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** One route as data: the server, the OpenAPI document, the fuzz and the tenancy test are all made from it. */
export interface Route<A extends RouteAuth = RouteAuth, Q extends TSchema = TSchema, B extends TSchema = TSchema> {
  method: Method;
  /** Below each prefix (`/v2`, `/api/v2`); the first one names the route in the documentation. `:name` is a parameter. */
  paths: string[];
  /** As they are, without a prefix. */
  rootPaths?: string[];
  auth: A;
  query?: Q;
  body?: B;
  /** Bytes. Default 65,536. */
  bodyLimit?: number;
  /** Status → schema of the body, for answers that are not problems. */
  answers: Record<number, TSchema>;
  /** Status → a body as it may come, for the documentation. */
  examples?: Record<number, unknown>;
  /** Problems that this route can answer with, besides those of its authentication and input. */
  problems?: ProblemCode[];
  /** Default `json`; `html` routes face a browser, which gets pages instead of problems. */
  face?: 'json' | 'html';
  /** Code for bad credentials. Default: what the environment service says (401). */
  refusal?: ProblemCode;
  /** Open to scripts of other origins. Default false. */
  cors?: boolean;
  summary: string;
  description: string;
  tags: string[];
  /** Resolves to the body of a 200, or to what the reply helpers answered. */
  handle(context: Context<A, Static<Q>, Static<B>>): Promise<unknown>;
}

/** Gives a route its types while it is written, and the common type afterwards. */
export function defineRoute<A extends RouteAuth, Q extends TSchema, B extends TSchema>(route: Route<A, Q, B>): Route {
  return route as unknown as Route;
}

/** Where a route is served, under these prefixes. */
export function routePaths(route: Route, prefixes: readonly string[]): string[] {
  const prefixed = prefixes.flatMap((prefix) => route.paths.map((path) => `${prefix}${path}`));
  return [...new Set([...prefixed, ...(route.rootPaths ?? [])])];
}

/** The path that stands for the route in the documentation and in tests. */
export function mainPath(route: Route): string {
  return route.paths[0] === undefined ? (route.rootPaths?.[0] ?? '/') : `/v2${route.paths[0]}`;
}
