import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SandboxGate } from '../core/sandbox.ts';

const MOST_BYTES = 1024 * 1024;
/** Set by this server for its own answer; a simulated provider cannot speak for the connection. */
const CONNECTION_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

function flatHeaders(request: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

async function pass(gate: SandboxGate, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const answer = await gate.handle({
    method: request.method,
    path: (request.raw.url ?? '').slice('/sandbox'.length) || '/',
    headers: flatHeaders(request),
    rawBody: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
  });
  if ('drop' in answer) {
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) reply.header(name, value);
  }
  return reply.code(answer.status).send(answer.body);
}

/** Everything below `/sandbox/` goes to the farm of simulated providers, body bytes untouched. */
export function sandboxRoutes(gate: SandboxGate): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    for (const url of ['/sandbox', '/sandbox/*']) {
      scope.route({
        method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        bodyLimit: MOST_BYTES,
        handler: (request, reply) => pass(gate, request, reply),
      });
    }
  };
}
