import type { FastifyRequest } from 'fastify';
import { Problem } from '../../core/problem.ts';
import { isUuid } from '../../lib/ids.ts';
import type { OfferedProvider, Onward, Services, SessionView } from '../../services/services.ts';
import { CHOICE_FAILURES } from '../page-reply.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import { cookieText } from './cookies.ts';
import { failurePage } from './failure-page.tsx';
import type { FormGuard } from './form-guard.ts';
import { forwardPage } from './forward-page.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { disconnectPage, expiredPage, formExpiredPage, unknownLinkPage } from './notice-pages.tsx';
import { isSafeTarget } from './safe-target.ts';
import { SessionPage } from './session-page.tsx';
import { successPage } from './success-page.tsx';

export interface WidgetContext {
  services: Pick<Services, 'connect' | 'disconnect'>;
  guard: FormGuard;
  secure: boolean;
}

export interface SessionRoute {
  Params: { id: string };
  Querystring: { q?: string | string[]; disconnected?: string | string[]; reason?: string | string[] };
  Body: Record<string, string> | undefined;
}

export type SessionRequest = FastifyRequest<SessionRoute>;

/** A page, or the way to one. */
export type WidgetAnswer = PageAnswer | { status: 302 | 303; location: string };

/** `GET /session/:id`: the list, or what has become of the link. */
export async function showSession(context: WidgetContext, request: SessionRequest): Promise<WidgetAnswer> {
  const view = await viewOf(context, request);
  if (!view) return unknownLink(context, request);
  const single = view.state === 'open' ? view.single?.flowId : undefined;
  if (single) return { status: 302, location: `/auth/start/${encodeURIComponent(single)}` };
  return sessionAnswer(context, request, view);
}

/** `POST /session/:id/choose`: makes a flow and goes on to it. */
export async function choose(context: WidgetContext, request: SessionRequest): Promise<WidgetAnswer> {
  const view = await viewOf(context, request);
  if (!view) return unknownLink(context, request);
  if (!isFormOf(context, request, view)) return formExpired(context, request, view);
  const provider = view.providers.find((one) => one.code === request.body?.provider);
  if (view.state !== 'open' || !provider) return sessionAnswer(context, request, view);
  const onward = await orFailure(() => context.services.connect.choose(view.id, provider.code));
  return onwardAnswer(context, request, view, provider, onward);
}

/** `POST /session/:id/disconnect`: first the question, then, with `confirm=yes`, the deed. */
export async function disconnect(context: WidgetContext, request: SessionRequest): Promise<WidgetAnswer> {
  const view = await viewOf(context, request);
  if (!view) return unknownLink(context, request);
  if (!isFormOf(context, request, view)) return formExpired(context, request, view);
  const provider = view.providers.find((one) => one.connection?.userId === request.body?.user_id);
  const userId = provider?.connection?.userId;
  if (!isListed(view) || !view.showDisconnect || !provider || !userId) return sessionAnswer(context, request, view);
  if (request.body?.confirm !== 'yes') {
    const { token, setCookie } = context.guard.issue(request.headers.cookie, view.id);
    return disconnectPage({ ...common(context, request), view, provider, userId, csrf: token, setCookie });
  }
  await unlessGone(() => context.services.disconnect.fromSession(view.id, userId));
  return { status: 303, location: `/session/${view.id}?disconnected=${encodeURIComponent(provider.code)}` };
}

/** `GET /session/:id/success`: the default end of a connect flow; `:id` is a session's or a flow's. */
export async function showSuccess(context: WidgetContext, request: SessionRequest): Promise<WidgetAnswer> {
  const result = await resultOf(context, request);
  return result ? successPage({ ...common(context, request), result }) : unknownLink(context, request);
}

/** `GET /session/:id/failure?reason=`: the same for a flow that failed. */
export async function showFailure(context: WidgetContext, request: SessionRequest): Promise<WidgetAnswer> {
  const result = await resultOf(context, request);
  if (!result) return unknownLink(context, request);
  const view = await viewOf(context, request);
  return failurePage({
    ...common(context, request),
    reason: text(request.query.reason) ?? 'internal_error',
    app: result.app,
    language: result.language,
    status: 200,
    retry: view?.state === 'open' && !view.single ? `/session/${view.id}` : undefined,
  });
}

/** The page for a request that could not be read (4xx) or failed on our side (5xx). */
export function faultPage(context: WidgetContext, request: FastifyRequest, status: number): PageAnswer {
  const reason = status >= 500 ? 'internal_error' : 'invalid_state';
  return failurePage({ ...common(context, request), reason, status, retry: undefined });
}

async function sessionAnswer(
  context: WidgetContext,
  request: SessionRequest,
  view: SessionView,
): Promise<WidgetAnswer> {
  if (isListed(view)) return listPage(context, request, view);
  if (view.state === 'completed') {
    const result = await context.services.connect.result(view.id);
    const provider = view.providers.find((one) => one.code === view.completed?.provider);
    const known = { app: view.app, language: view.language, accountLabel: undefined, scopes: undefined };
    return successPage({ ...common(context, request), result: result ?? { ...known, providerName: provider?.name } });
  }
  const elsewhere = view.failureRedirect;
  if (elsewhere === undefined || !isSafeTarget(elsewhere)) return expiredPage({ ...common(context, request), view });
  if (request.method !== 'POST') return { status: 302, location: elsewhere };
  return forwardPage({ ...common(context, request), url: elsewhere, ...face(view), name: undefined });
}

function listPage(context: WidgetContext, request: SessionRequest, view: SessionView): PageAnswer {
  const texts = chooseTexts(view.language, request.headers['accept-language']);
  const { token, setCookie } = context.guard.issue(request.headers.cookie, view.id);
  const gone = view.providers.find((one) => one.code === text(request.query.disconnected) && !one.connection);
  const query = (text(request.query.q) ?? '').slice(0, 60);
  return layOut({
    texts,
    title: view.state === 'user_limit' ? texts.notices.userLimit.title : texts.list.title(view.app.name),
    app: view.app,
    secure: context.secure,
    setCookies: [setCookie],
    privacy: view.state === 'open',
    children: <SessionPage view={view} texts={texts} csrf={token} query={query} disconnected={gone?.name} />,
  });
}

function onwardAnswer(
  context: WidgetContext,
  request: SessionRequest,
  view: SessionView,
  provider: OfferedProvider,
  onward: Onward,
): WidgetAnswer {
  const page = { ...common(context, request), ...face(view) };
  if (onward.kind === 'redirect') {
    const cookies = (onward.cookies ?? []).map((cookie) =>
      cookieText(cookie, { secure: context.secure, sameSite: 'Lax' }),
    );
    const name = provider.kind === 'sdk' ? undefined : provider.name;
    return forwardPage({ ...page, url: onward.url, name, setCookies: cookies });
  }
  const reason = onward.kind === 'failure' ? onward.reason : 'invalid_state';
  if (reason === 'session_expired') return expiredPage({ ...page, view });
  return failurePage({ ...page, reason, status: 200, retry: `/session/${view.id}` });
}

/** Problems that choosing may end in are results for the person, not faults. */
async function orFailure(work: () => Promise<Onward>): Promise<Onward> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Problem ? CHOICE_FAILURES[error.code] : undefined;
    if (!reason) throw error;
    return { kind: 'failure', reason };
  }
}

/** A connection that went in the meantime is as disconnected as the person wants it. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'user_not_found')) throw error;
  }
}

function isListed(view: SessionView): boolean {
  return view.state === 'open' || view.state === 'user_limit';
}

function isFormOf(context: WidgetContext, request: SessionRequest, view: SessionView): boolean {
  return context.guard.holds(request.headers.cookie, view.id, request.body?.csrf);
}

async function viewOf(context: WidgetContext, request: SessionRequest): Promise<SessionView | undefined> {
  const { id } = request.params;
  return isUuid(id) ? context.services.connect.view(id) : undefined;
}

async function resultOf(context: WidgetContext, request: SessionRequest) {
  const { id } = request.params;
  return isUuid(id) ? context.services.connect.result(id) : undefined;
}

function unknownLink(context: WidgetContext, request: SessionRequest): PageAnswer {
  return unknownLinkPage({ ...common(context, request), view: undefined });
}

function formExpired(context: WidgetContext, request: SessionRequest, view: SessionView): PageAnswer {
  return formExpiredPage({ ...common(context, request), view, back: `/session/${view.id}` });
}

function face(view: SessionView): { app: SessionView['app']; language: string | undefined } {
  return { app: view.app, language: view.language };
}

function common(context: WidgetContext, request: FastifyRequest): { request: PageRequest; secure: boolean } {
  const { cookie, 'accept-language': acceptLanguage } = request.headers;
  return { request: { cookie, acceptLanguage }, secure: context.secure };
}

/** One query value as text; a repeated parameter counts by its first. */
function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
