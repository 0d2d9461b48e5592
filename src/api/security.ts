import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';

export interface SecurityOptions {
  publicUrl: string;
  loopback: boolean;
}

/**
 * For pages that set none of their own. `form-action` is left out on purpose: browsers hold the redirects after a form
 * to it, and connecting ends at addresses of other apps.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: https:",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Sets the headers that every answer has, unless the route chose its own. */
export function securityHeaders(reply: FastifyReply, options: SecurityOptions): void {
  const type = String(reply.getHeader('content-type') ?? '');
  const defaults: Record<string, string> = {
    'content-security-policy': type.startsWith('text/html') ? PAGE_POLICY : DATA_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
  if (options.publicUrl.startsWith('https:')) defaults['strict-transport-security'] = 'max-age=31536000';
  for (const [name, value] of Object.entries(defaults)) {
    if (!reply.hasHeader(name)) reply.header(name, value);
  }
}

function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/@[\]]+)(?::\d+)?$/i.exec(host)?.[1]?.toLowerCase();
}

/**
 * A server on loopback answers only to loopback names and its public name: a web page whose name was re-bound to
 * 127.0.0.1 must not reach it. Throws `forbidden`.
 */
export function hostCheck(options: SecurityOptions): (request: FastifyRequest) => void {
  const allowed = new Set(['localhost', '127.0.0.1', '[::1]', new URL(options.publicUrl).hostname]);
  return (request) => {
    if (!options.loopback) return;
    const name = hostName(request.headers.host ?? '');
    if (name && (allowed.has(name) || name.endsWith('.localhost'))) return;
    throw new Problem('forbidden', { detail: 'host header is not allowed' });
  };
}

/** Open to every origin, without cookies. The answer holds nothing that needs a key. */
export function corsHeaders(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'terra-reference');
}

export function preflightHeaders(reply: FastifyReply): void {
  corsHeaders(reply);
  reply
    .header('access-control-allow-methods', 'GET, OPTIONS')
    .header('access-control-allow-headers', '*')
    .header('access-control-max-age', '86400');
}
