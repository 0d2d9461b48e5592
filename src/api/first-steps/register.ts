import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PageAnswer } from '../pages.ts';
import { acceptForms } from '../widget/forms.ts';
import { pageHeaders } from '../widget/page-headers.ts';
import { type ApiOptions, apiRoutes } from './api-routes.ts';
import { enterPage, notBuiltPage, signedOutPage } from './enter-pages.tsx';
import { isOperator, operatorCookie } from './operator-session.ts';

export interface FirstStepsOptions extends ApiOptions {
  /** Folder of the built browser app (`dist/web/first-steps`). */
  assetsDir: string;
}

interface EnterRoute {
  Params: { link: string };
  Querystring: { link?: string | string[] };
  Body: Record<string, string> | undefined;
}

/** The first-steps page at `/`, the one-time links to it, its files and its JSON interface. */
export function registerFirstSteps(app: FastifyInstance, options: FirstStepsOptions): void {
  const index = join(options.assetsDir, 'index.html');
  app.register(async (scope) => pageRoutes(scope, options, index));
  app.register(async (scope) => apiRoutes(scope, options), { prefix: '/first-steps/api' });
  if (!existsSync(index)) return;
  app.register(fastifyStatic, {
    root: join(options.assetsDir, 'assets'),
    prefix: '/first-steps/assets/',
    decorateReply: false,
    index: false,
    // The build puts a hash into every name.
    immutable: true,
    maxAge: '365d',
  });
}

function pageRoutes(scope: FastifyInstance, options: FirstStepsOptions, index: string): void {
  const { operators } = options.services;
  const secure = options.publicUrl.startsWith('https:');
  acceptForms(scope);

  /** A link never signs in by being opened: previews and prefetches open links too. */
  const offerLink = async (request: FastifyRequest, reply: FastifyReply, link: string) => {
    if (await isOperator(operators, request)) return reply.redirect('/', 303);
    return send(reply, enterPage({ ...common(request, secure), link }));
  };

  scope.get<EnterRoute>('/', async (request, reply) => {
    const { link } = request.query;
    if (typeof link === 'string' && link !== '') return offerLink(request, reply, link);
    if (!(await isOperator(operators, request))) {
      return send(reply, signedOutPage({ ...common(request, secure), usedLink: false }));
    }
    if (!existsSync(index)) return send(reply, notBuiltPage(common(request, secure)));
    return reply.headers(pageHeaders({ app: true, secure })).send(readFileSync(index));
  });
  scope.get<EnterRoute>('/enter/:link', async (request, reply) => offerLink(request, reply, request.params.link));
  // No form token: whoever can post a valid link can as well open it.
  scope.post<EnterRoute>('/enter', async (request, reply) => {
    const session = await operators.enter(request.body?.link ?? '');
    if (!session) return send(reply, signedOutPage({ ...common(request, secure), usedLink: true }));
    return reply
      .headers({ 'set-cookie': operatorCookie(session, secure), 'cache-control': 'no-store' })
      .redirect('/', 303);
  });
}

function common(request: FastifyRequest, secure: boolean) {
  const { cookie, 'accept-language': acceptLanguage } = request.headers;
  return { request: { cookie, acceptLanguage }, secure };
}

function send(reply: FastifyReply, page: PageAnswer): FastifyReply {
  return reply.code(page.status).headers(page.headers).send(page.html);
}
