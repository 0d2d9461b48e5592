import type { FastifyInstance } from 'fastify';

/** Bytes of a form; ours hold a token and one value. */
const FORM_LIMIT = 16_384;

/**
 * Makes HTML forms the only bodies that a scope reads, whatever the server reads elsewhere. Repeated fields: the last
 * one counts.
 */
export function acceptForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}
