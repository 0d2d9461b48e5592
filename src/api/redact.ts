import type { FastifyRequest } from 'fastify';
import type { Route } from './route.ts';

/** Path segments after which something secret or personal stands in the path. */
const SECRET_AFTER = [
  /(\/hooks\/[^/]+\/).+/,
  /(\/auth\/start\/).+/,
  /(\/session\/).+/,
  /(\/first-steps\/).+/,
  /(\/enter\/).+/,
];

const PLAIN_SEGMENT = /^(v\d+|[A-Za-z][A-Za-z_.-]{0,39})$/;

function withoutSecrets(path: string): string {
  return SECRET_AFTER.reduce((text, pattern) => text.replace(pattern, '$1…'), path);
}

/** A path that may be logged: no query, nothing after the segments that secrets follow, and no segment but plain words. */
function redactPath(url: string): string {
  const path = withoutSecrets(url.split(/[?#]/, 1)[0]!.slice(0, 200));
  const segments = path.split('/').map((segment) => (segment === '' || PLAIN_SEGMENT.test(segment) ? segment : '…'));
  return segments.join('/');
}

/** The table's route that this request met, if it is one of the table. */
export function tableRoute(request: FastifyRequest): Route | undefined {
  return request.routeOptions?.config?.route;
}

/** How a request is named in the log: the route's pattern, which holds no value at all. */
export function loggedPath(request: FastifyRequest): string {
  return request.routeOptions?.url ?? redactPath(request.raw.url ?? '');
}

/**
 * `instance` of a problem. Callers with a key (and callers of unknown paths) get their own address back; on every
 * other route path and query can hold codes and tokens, so only the pattern is shown.
 */
export function requestAddress(request: FastifyRequest): string {
  const url = (request.raw.url ?? '').slice(0, 2048);
  const auth = tableRoute(request)?.auth;
  if (auth === 'key' || auth === 'dev-id') return url;
  if (request.routeOptions?.url !== undefined || withoutSecrets(url) !== url) return loggedPath(request);
  return url;
}
