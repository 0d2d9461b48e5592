import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { isUuid } from '../../lib/ids.ts';
import { html, nothing } from '../../schema/responses.ts';
import type { Onward } from '../../services/services.ts';
import { sendPage } from '../pages.ts';
import { type Context, defineRoute, type Route } from '../route.ts';

const PROVIDER = /^[A-Za-z0-9_-]{1,64}$/;
const UNSTORABLE = /[\0\p{Cs}]/u;

/** Sends the browser on, or shows the page that asks or explains. */
function follow(context: Context, onward: Onward, fields: Record<string, string>): FastifyReply {
  const { reply, request, pages, publicUrl } = context;
  if (onward.kind === 'failure') return sendPage(reply, pages.failure(onward));
  if (onward.kind === 'confirm') {
    const action = (request.raw.url ?? '').split('?', 1)[0] ?? '';
    return sendPage(reply, pages.confirm(onward, { action, fields }));
  }
  for (const cookie of onward.cookies ?? []) {
    reply.setCookie(cookie.name, cookie.value, {
      path: cookie.path,
      maxAge: cookie.maxAge,
      httpOnly: true,
      sameSite: 'lax',
      secure: publicUrl.startsWith('https:'),
    });
  }
  return reply.redirect(onward.url, 302);
}

function refused(context: Context, reason: string): FastifyReply {
  return sendPage(context.reply, context.pages.failure({ kind: 'failure', reason }));
}

/** Parameters as the provider sent them; undefined when one stands twice or holds what no provider sends. */
function callbackFields(raw: unknown): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries((raw ?? {}) as Record<string, unknown>)) {
    if (typeof value !== 'string' || UNSTORABLE.test(value) || value.length > 8192 || name === '__proto__') {
      return undefined;
    }
    fields[name] = value;
  }
  return fields;
}

function cookiesOf(context: Context): Record<string, string> {
  const given = Object.entries(context.request.cookies);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

async function callback(context: Context, raw: unknown, confirmed: boolean): Promise<FastifyReply> {
  const provider = context.params.provider ?? '';
  const fields = callbackFields(raw);
  if (!fields || !PROVIDER.test(provider)) return refused(context, 'invalid_state');
  const cookies = cookiesOf(context);
  const onward = await context.services.connect.callback({
    provider: provider.toUpperCase(),
    query: fields,
    cookies,
    confirmed,
  });
  return follow(context, onward, fields);
}

const answers = { 200: html, 302: nothing, 400: html };

const receive = defineRoute({
  method: 'GET',
  paths: ['/auth/:provider/oauth2'],
  auth: 'public',
  face: 'html',
  answers,
  summary: 'Where providers send the browser back',
  description:
    'Register this address at the provider. It finishes the login and redirects to the app. A browser that did not ' +
    'start the login is asked first.',
  tags: ['Connect'],
  handle: (context) => callback(context, context.request.query, false),
});

const confirm = defineRoute({
  method: 'POST',
  paths: ['/auth/:provider/oauth2'],
  auth: 'public',
  face: 'html',
  body: Type.Record(Type.String(), Type.Unknown()),
  answers,
  summary: 'The person confirmed on the page that the callback showed',
  description: 'A form of our own page; it repeats the parameters of the callback.',
  tags: ['Connect'],
  async handle(context) {
    // Browsers say where a form came from; a page of another site has no business confirming.
    const site = context.request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return refused(context, 'invalid_state');
    return callback(context, context.body, true);
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
  description: 'Redirects to the provider and ties the login to this browser with a cookie. Changes nothing, so it may be opened again.',
  tags: ['Connect'],
  async handle(context) {
    const id = context.params.id ?? '';
    if (!isUuid(id)) return refused(context, 'session_expired');
    return follow(context, await context.services.connect.start(id.toLowerCase()), {});
  },
});

export const callbackRoutes: Route[] = [receive, confirm, start];
