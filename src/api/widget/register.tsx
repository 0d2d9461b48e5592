import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import type { Onward, OfferedProvider, Services, SessionView } from '../../services/services.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import { cookieText } from './cookies.ts';
import { disconnectPage, expiredPage, formExpiredPage, unknownLinkPage } from './notice-pages.tsx';
import { failurePage } from './failure-page.tsx';
import { acceptForms } from './forms.ts';
import { type FormGuard, formGuard } from './form-guard.ts';
import { forwardPage, isSafeTarget } from './forward-page.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { SessionPage } from './session-page.tsx';
import { successPage } from './success-page.tsx';

export interface WidgetOptions {
  services: Pick<Services, 'connect' | 'disconnect'>;
  publicUrl: string;
  /** The same in every process; forms are tied to the browser with it. */
  pageKey: Uint8Array;
  log: Log;
}

interface SessionRoute {
  Params: { id: string };
  Querystring: { q?: string; disconnected?: string; reason?: string };
  Body: Record<string, string> | undefined;
}

type SessionRequest = FastifyRequest<SessionRoute>;

/** The connect pages below `/session/:id`. They work without script; a GET changes nothing. */
export function registerWidget(app: FastifyInstance, options: WidgetOptions): void {
  const pages = new WidgetPages(options);
  app.register(async (scope) => {
    acceptForms(scope);
    scope.setErrorHandler(async (error, request, reply) => send(reply, pages.failed(error, requestOf(request))));
    scope.get<SessionRoute>('/session/:id', async (request, reply) => send(reply, await pages.list(request)));
    scope.post<SessionRoute>('/session/:id/choose', async (request, reply) => send(reply, await pages.choose(request)));
    scope.post<SessionRoute>('/session/:id/disconnect', async (request, reply) =>
      send(reply, await pages.disconnect(request)),
    );
    scope.get<SessionRoute>('/session/:id/success', async (request, reply) => send(reply, await pages.success(request)));
    scope.get<SessionRoute>('/session/:id/failure', async (request, reply) => send(reply, await pages.failure(request)));
  });
}
