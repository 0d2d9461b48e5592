import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '../../core/problem.ts';
import { isUuid } from '../../lib/ids.ts';
import { html, nothing } from '../../schema/responses.ts';
import type { Onward } from '../../services/services.ts';
import { pageRequest, sendPage } from '../page-reply.ts';
import { type Context, defineRoute, type Route } from '../route.ts';

/** One address for providers of OAuth 2.0, one for those of OAuth 1.0a. */
const PATHS = ['/auth/:provider/oauth2', '/auth/:provider/oauth1'];
const PROVIDER = /^[A-Za-z0-9_-]{1,64}$/;
const UNSTORABLE = /[\0\p{Cs}]/u;

function setCookies({ reply, publicUrl }: Context, cookies: Extract<Onward, { kind: 'redirect' }>['cookies']): void {
  for (const cookie of cookies ?? []) {
    reply.setCookie(cookie.name, cookie.value, {
      path: cookie.path,
      maxAge: cookie.maxAge,
      httpOnly: true,
      sameSite: 'lax',
      secure: publicUrl.startsWith('https:'),
    });
  }
}

/** Sends the browser on, or shows the page that asks or explains. */
function follow(context: Context, onward: Onward): FastifyReply {
  const { reply, request, pages } = context;
  const seen = pageRequest(request);
  if (onward.kind === 'failure') {
    return sendPage(reply, pages.failure({ request: seen, ...withoutKind(onward) }));
  }
  if (onward.kind === 'confirm') {
    return sendPage(reply, pages.confirm({ request: seen, action: request.raw.url ?? '', ...withoutKind(onward) }));
  }
  setCookies(context, onward.cookies);
  return request.method === 'POST'
    ? sendPage(reply, pages.forward({ request: seen, url: onward.url }))
    : reply.redirect(onward.url, 302);
}

function withoutKind<T extends Onward>({ kind: _, ...rest }: T): Omit<T, 'kind'> {
  return rest;
}

/** Parameters as the provider sent them. One that stands twice, or holds what no provider sends, spoils the callback. */
function callbackFields(raw: unknown): Record<string, string> | undefined {
  const given = Object.entries((raw ?? {}) as Record<string, unknown>);
  const fields = new Map<string, string>();
  for (const [name, value] of given) {
    if (typeof value !== 'string' || value.length > 8192) return undefined;
    if (UNSTORABLE.test(value) || UNSTORABLE.test(name) || name === '__proto__') return undefined;
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

async function callback(context: Context, confirmed: boolean): Promise<FastifyReply> {
  const provider = context.params.provider ?? '';
  const query = callbackFields(context.request.query);
  if (!query || !PROVIDER.test(provider)) return follow(context, { kind: 'failure', reason: 'invalid_state' });
  const onward = await context.services.connect.callback({
    provider: provider.toUpperCase(),
    query,
    cookies: Object.fromEntries(Object.entries(context.request.cookies).map(([name, value]) => [name, value ?? ''])),
    confirmed,
  });
  return follow(context, onward);
}

const receive = defineRoute({
  method: 'GET',
  paths: PATHS,
  auth: 'public',
  face: 'html',
  answers: { 200: html, 302: nothing, 400: html },
  summary: 'Where providers send the browser back',
  description:
    'Register this address at the provider. It finishes the login and redirects to the app. A browser that did not ' +
    'start the login is asked first.',
  tags: ['Connect'],
  handle: (context) => callback(context, false),
});

const confirm = defineRoute({
  method: 'POST',
  paths: PATHS,
  auth: 'public',
  face: 'html',
  body: Type.Object({ csrf: Type.Optional(Type.String({ maxLength: 512 })) }),
  answers: { 200: html, 400: html },
  problems: ['csrf'],
  summary: 'The person confirmed on the page that the callback showed',
  description: 'A form of our own page; its address repeats the parameters of the callback.',
  tags: ['Connect'],
  async handle(context) {
    const { pages, request, body } = context;
    if (!pages.isConfirmed({ request: pageRequest(request), csrf: body.csrf })) throw new Problem('csrf');
    return callback(context, true);
  },
});

const start = defineRoute({
  method: 'GET',
  paths: [],
  rootPaths: ['/auth/start/:id'],
  auth: 'public',
  face: 'html',
  answers: { 302: nothing, 400: html },
  summary: 'Begin a login',
  description:
    'Redirects to the provider and ties the login to this browser with a cookie. Changes nothing, so it may be ' +
    'opened again.',
  tags: ['Connect'],
  async handle(context) {
    const id = context.params.id ?? '';
    if (!isUuid(id)) return follow(context, { kind: 'failure', reason: 'session_expired' });
    return follow(context, await context.services.connect.start(id.toLowerCase()));
  },
});

export const callbackRoutes: Route[] = [receive, confirm, start];
