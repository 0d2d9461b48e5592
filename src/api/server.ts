import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Environment } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { SandboxGate } from '../core/sandbox.ts';
import { uuid4 } from '../lib/ids.ts';
import { signBody } from '../lib/signature.ts';
import { answerClientError } from './client-error.ts';
import { documentation } from './docs.ts';
import { knownPaths } from './known-paths.ts';
import { openApi } from './openapi.ts';
import { problemPage, sendPage } from './page-reply.ts';
import { errorFields, sendProblem, toProblem } from './problem-answer.ts';
import { loggedPath, tableRoute } from './redact.ts';
import { logRequests } from './request-log.ts';
import type { Ports, Route } from './route.ts';
import { routes as table } from './routes.ts';
import { sandboxRoutes } from './sandbox-gate.ts';
import { hostCheck, securityHeaders } from './security.ts';
import { tableRoutes } from './table-routes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the caller has proved to speak for it. */
    environment: Environment | undefined;
  }
  interface FastifyContextConfig {
    /** The route of the table that is served here. */
    route?: Route;
  }
}

export const PREFIXES = ['/v2', '/api/v2'] as const;

export interface ServerOptions extends Omit<Ports, 'providers'> {
  /** True while the server listens on a loopback address only. */
  loopback: boolean;
  /** True when a production environment is served: no sandbox then. */
  production: boolean;
  /** Default: the whole table. */
  routes?: readonly Route[];
  /** Default `/v2` and `/api/v2`. */
  prefixes?: readonly string[];
  providers?: Ports['providers'];
  sandbox?: SandboxGate;
  /** Registers the connect pages and the first-steps page. */
  registerPages?: (app: FastifyInstance) => void | Promise<void>;
  /** Secrets that sign answers to authenticated callers (`terra-signature`), newest first. Default: answers are unsigned. */
  signingSecrets?: (environmentId: string) => Promise<string[]>;
}

function answerError(
  options: ServerOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    const fields = { reference: request.id, path: loggedPath(request), ...errorFields(problem.cause ?? problem) };
    options.log.error(fields, problem.code === 'internal' ? 'request failed' : problem.code);
  }
  const wantsPage = tableRoute(request)?.face === 'html' && (request.headers.accept ?? '').includes('text/html');
  if (wantsPage) return sendPage(reply.headers(problem.headers), problemPage(options.pages, request, problem));
  return sendProblem(request, reply, problem);
}

/** Empty bodies are allowed everywhere (clients send the content type alone); poisoned keys are refused. */
function parseJson(app: FastifyInstance): void {
  const strict = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    return strict(request, body as string, done);
  });
}

function signAnswers(app: FastifyInstance, options: ServerOptions): void {
  const { signingSecrets, clock } = options;
  if (!signingSecrets) return;
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.environment || tableRoute(request)?.auth !== 'key' || typeof payload !== 'string') return;
    const secrets = await signingSecrets(request.environment.id);
    if (secrets.length === 0) return;
    const seconds = Math.floor(clock.now().getTime() / 1000);
    reply.header('terra-signature', signBody(Buffer.from(payload), secrets, seconds));
  });
}

function createApp(options: ServerOptions): FastifyInstance {
  return Fastify({
    logger: false,
    genReqId: () => uuid4(),
    requestIdHeader: false,
    bodyLimit: 65_536,
    requestTimeout: 30_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      reply.header('terra-reference', request.id);
      securityHeaders(reply, options);
      sendProblem(request, reply, toProblem(error));
    },
  });
}

/** What holds for every request, whichever route it meets. */
function addRules(app: FastifyInstance, options: ServerOptions): void {
  const checkHost = hostCheck(options);
  const known = knownPaths(app);
  app.decorateRequest('environment', undefined);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('terra-reference', request.id);
    checkHost(request);
  });
  app.addHook('onSend', async (_request, reply) => securityHeaders(reply, options));
  signAnswers(app, options);
  logRequests(app, options.log);
  parseJson(app);
  app.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
  app.setNotFoundHandler(async (request) => {
    const allow = known.methodsOf(request.raw.url ?? '/');
    throw allow.length > 0
      ? new Problem('method_not_allowed', { headers: { allow: allow.join(', ') } })
      : new Problem('not_found');
  });
}

/** The HTTP server with everything it serves, not listening yet. */
export function createServer(given: ServerOptions): FastifyInstance {
  const options = { ...given, publicUrl: given.publicUrl.replace(/\/+$/, '') };
  const ports: Ports = { ...options, providers: options.providers };
  const served = options.routes ?? table;
  const prefixes = options.prefixes ?? PREFIXES;
  const { registerPages, sandbox, publicUrl } = options;
  const app = createApp(options);
  addRules(app, options);
  app.register(cookie);
  const facing = (face: 'html' | 'json') => served.filter((route) => (route.face ?? 'json') === face);
  app.register(tableRoutes(facing('json'), ports, prefixes));
  app.register(async (scope) => {
    await scope.register(formbody, { bodyLimit: 16_384 });
    await scope.register(tableRoutes(facing('html'), ports, prefixes));
  });
  app.register(documentation(openApi(served, { publicUrl, prefixes })));
  if (sandbox && !options.production) app.register(sandboxRoutes(sandbox));
  if (registerPages) app.register(async (scope) => registerPages(scope));
  return app;
}
