import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Log } from '../../core/log.ts';
import type { Services } from '../../services/services.ts';
import { errorFields, toProblem } from '../problem-answer.ts';
import { formGuard } from './form-guard.ts';
import { acceptForms } from './forms.ts';
import {
  choose,
  disconnect,
  faultPage,
  type SessionRoute,
  showFailure,
  showSession,
  showSuccess,
  type WidgetAnswer,
  type WidgetContext,
} from './session-routes.tsx';

export interface WidgetOptions {
  services: Pick<Services, 'connect' | 'disconnect'>;
  publicUrl: string;
  /** The same in every process; forms are tied to the browser with it. */
  pageKey: Uint8Array;
  log: Log;
}

/** The connect pages below `/session/:id`. They work without script; a GET changes nothing. */
export function registerWidget(app: FastifyInstance, options: WidgetOptions): void {
  const secure = options.publicUrl.startsWith('https:');
  const context: WidgetContext = { services: options.services, secure, guard: formGuard(options.pageKey, secure) };
  app.register(async (scope) => {
    acceptForms(scope);
    scope.setErrorHandler(async (error, request, reply) => {
      const problem = toProblem(error);
      if (problem.status >= 500) {
        const fields = { path: request.routeOptions.url, ...errorFields(problem.cause ?? problem) };
        options.log.error(fields, 'connect page failed');
      }
      return send(reply, faultPage(context, request, problem.status));
    });
    scope.get<SessionRoute>('/session/:id', async (request, reply) => send(reply, await showSession(context, request)));
    scope.post<SessionRoute>('/session/:id/choose', async (request, reply) =>
      send(reply, await choose(context, request)),
    );
    scope.post<SessionRoute>('/session/:id/disconnect', async (request, reply) =>
      send(reply, await disconnect(context, request)),
    );
    scope.get<SessionRoute>('/session/:id/success', async (request, reply) =>
      send(reply, await showSuccess(context, request)),
    );
    scope.get<SessionRoute>('/session/:id/failure', async (request, reply) =>
      send(reply, await showFailure(context, request)),
    );
  });
}

function send(reply: FastifyReply, answer: WidgetAnswer): FastifyReply {
  if ('location' in answer) return reply.header('cache-control', 'no-store').redirect(answer.location, answer.status);
  return reply.code(answer.status).headers(answer.headers).send(answer.html);
}
