import type { FastifyRequest } from 'fastify';
import { Problem } from '../../core/problem.ts';
import type { OperatorService } from '../../services/services.ts';
import { OPERATOR_COOKIE } from '../authenticate.ts';
import { cookieText, readCookie } from '../widget/cookies.ts';

const DAYS_30_SECONDS = 30 * 86_400;

/** `Set-Cookie` for a session that a one-time link was exchanged for. */
export function operatorCookie(session: string, secure: boolean): string {
  const cookie = { name: OPERATOR_COOKIE, value: session, maxAge: DAYS_30_SECONDS, path: '/' };
  return cookieText(cookie, { secure, sameSite: 'Strict' });
}

export async function isOperator(operators: OperatorService, request: FastifyRequest): Promise<boolean> {
  const session = readCookie(request.headers.cookie, OPERATOR_COOKIE);
  return session !== undefined && operators.isIn(session);
}

/**
 * Lets only our own page through: a session, no request that another site caused, and on changes a header that a form
 * cannot send and a script of another origin may not. Throws `session_required` or `csrf`.
 */
export async function requireOperator(operators: OperatorService, request: FastifyRequest): Promise<void> {
  if (!(await isOperator(operators, request))) throw new Problem('session_required');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem('csrf');
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (request.headers['x-solum-csrf'] === undefined || !isOwnOrigin(request)) throw new Problem('csrf');
}

/** Older browsers send no `Origin` with some requests; one that is sent must be ours. */
function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
