import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';
import type { ProblemBody } from '../schema/problem.ts';
import { requestAddress } from './redact.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Network codes and SQLSTATEs (classes 08, 53, 57P) that say: no database right now. */
const DATABASE_AWAY = /^(ECONNREFUSED|ECONNRESET|08...|53...|57P..)$/;

const FRAMEWORK_PROBLEMS: Record<string, () => Problem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Problem('too_large'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new Problem('unsupported_media'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new Problem('bad_request', { detail: 'invalid content-length' }),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new Problem('bad_request', { detail: 'the body is not valid JSON' }),
  FST_ERR_BAD_URL: () => new Problem('bad_request', { detail: 'invalid path' }),
};

function textMember(error: unknown, name: string): string | undefined {
  const value = (error as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whatever was thrown, as a Problem. What is not expected becomes `internal` with the error as its cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = textMember(error, 'code') ?? '';
  const framework = FRAMEWORK_PROBLEMS[code];
  if (framework) return framework();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem('bad_request', { cause: error });
  if (DATABASE_AWAY.test(code)) return new Problem('unavailable', { cause: error, headers: { 'retry-after': '5' } });
  return new Problem('internal', { cause: error });
}

/** The one place that turns a Problem into the wire body. */
export function problemBodyOf(problem: Problem, instance: string): ProblemBody {
  return {
    type: 'about:blank',
    title: problem.title,
    instance,
    detail: problem.detail,
    status: 'error',
    message: problem.detail,
  };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_TYPE)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problemBodyOf(problem, requestAddress(request)));
}

/**
 * What a log may hold of an error: names, codes and places in the code. Messages stay out, because those of drivers
 * and clients can quote values.
 */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    code: textMember(error, 'code'),
    at: frames.slice(0, 8).map((line) => line.trim()),
    cause: error.cause === undefined ? undefined : errorFields(error.cause),
  };
}
