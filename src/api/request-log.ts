import type { FastifyInstance } from 'fastify';
import type { Log } from '../core/log.ts';
import { loggedPath } from './redact.ts';

/** One line per answer, without any value of the request: pattern of the route, status, duration, reference. */
export function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async (request, reply) => {
    const fields = {
      method: request.method,
      path: loggedPath(request),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      reference: request.id,
      devId: request.environment?.devId,
    };
    const quiet = fields.path === '/health' && reply.statusCode < 400;
    log[quiet ? 'debug' : 'info'](fields, 'request');
  });
}
