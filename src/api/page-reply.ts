import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem, ProblemCode } from '../core/problem.ts';
import type { PageAnswer, PageRequest, ResultPages } from './pages.ts';

/** What the pages need of a request. */
export function pageRequest(request: FastifyRequest): PageRequest {
  return { cookie: request.headers.cookie, acceptLanguage: request.headers['accept-language'] };
}

/** Answers with the page. */
export function sendPage(reply: FastifyReply, page: PageAnswer): FastifyReply {
  reply.code(page.status).headers(page.headers);
  if (!reply.hasHeader('content-type')) reply.type('text/html; charset=utf-8');
  return reply.send(page.html);
}

/** What a page says when a provider that was chosen cannot be gone to. */
export const CHOICE_FAILURES: Partial<Record<ProblemCode, string>> = {
  session_expired: 'session_expired',
  user_limit: 'user_limit_reached',
  provider_not_found: 'provider_unavailable',
  provider_not_enabled: 'provider_unavailable',
  credentials_missing: 'provider_unavailable',
  provider_failed: 'provider_unavailable',
  provider_rate_limited: 'provider_rate_limited',
};

/** Failure reasons of the pages for problems that a browser can meet. */
const REASONS: Partial<Record<ProblemCode, string>> = {
  ...CHOICE_FAILURES,
  csrf: 'invalid_state',
  bad_request: 'invalid_state',
  not_found: 'session_expired',
};

/** The failure page for a problem, under the problem's status. */
export function problemPage(pages: ResultPages, request: FastifyRequest, problem: Problem): PageAnswer {
  const reason = REASONS[problem.code] ?? 'internal_error';
  return { ...pages.failure({ request: pageRequest(request), reason }), status: problem.status };
}
