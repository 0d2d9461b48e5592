import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Environment } from '../../core/environment.ts';
import { Problem } from '../../core/problem.ts';
import { isUuid } from '../../lib/ids.ts';
import type { Services } from '../../services/services.ts';
import { toProblem } from '../problem-answer.ts';
import { requireOperator } from './operator-session.ts';
import { destinationRow, eventRow, userRow } from './rows.ts';
import type {
  ApiKeyAnswer,
  ConnectAnswer,
  DestinationsAnswer,
  EnvironmentAnswer,
  ErrorAnswer,
  EventsAnswer,
  NewDestinationAnswer,
  ResendAnswer,
  UsersAnswer,
} from './wire.ts';

const EVENTS_PER_ANSWER = 50;
const KEY_LABEL = 'first steps';
const TEST_REFERENCE = 'test-user';

export interface ApiOptions {
  services: Services;
  /** The environment that the page shows: the one with the dev-id `chosen`, else the first. */
  environment(chosen?: string): Promise<Environment>;
  /** Without a slash at the end. */
  publicUrl: string;
}

interface Call {
  Params: { id: string };
  Querystring: Record<string, unknown>;
  Body: unknown;
}

type CallRequest = FastifyRequest<Call>;

/** The page's JSON interface; every route needs the operator's session. Register it below `/first-steps/api`. */
export function apiRoutes(scope: FastifyInstance, options: ApiOptions): void {
  const { services } = options;
  scope.addHook('onRequest', async (request) => requireOperator(services.operators, request));
  scope.setErrorHandler(async (error, _request, reply) => sendError(reply, error));
  environmentRoutes(scope, options);
  userRoutes(scope, options);
  eventRoutes(scope, options);
  destinationRoutes(scope, options);
}

function environmentRoutes(scope: FastifyInstance, options: ApiOptions): void {
  const { services, publicUrl } = options;
  scope.get<Call>('/environment', async (request): Promise<EnvironmentAnswer> => {
    const { devId, name, kind } = await environmentOf(options, request);
    return { dev_id: devId, name, kind, base_url: `${publicUrl}/v2` };
  });
  scope.post<Call>('/api-keys', async (request): Promise<ApiKeyAnswer> => {
    const environment = await environmentOf(options, request);
    return { api_key: await services.environments.addKey(environment, KEY_LABEL) };
  });
  scope.post<Call>('/connect', async (request): Promise<ConnectAnswer> => {
    const environment = await environmentOf(options, request);
    const referenceId = bodyText(request, 'reference_id', 255) ?? TEST_REFERENCE;
    const session = await services.connect.createSession(environment, { referenceId, showDisconnect: true });
    return { url: session.url, expires_in: session.expiresIn };
  });
}

function userRoutes(scope: FastifyInstance, options: ApiOptions): void {
  const { services } = options;
  scope.get<Call>('/users', async (request): Promise<UsersAnswer> => {
    const users = await services.users.all(await environmentOf(options, request), {});
    return { users: users.map(userRow) };
  });
  scope.delete<Call>('/users/:id', async (request, reply) => {
    await services.disconnect.byUserId(await environmentOf(options, request), idOf(request));
    return reply.code(204).send();
  });
}

function eventRoutes(scope: FastifyInstance, options: ApiOptions): void {
  const { events } = options.services;
  scope.get<Call>('/events', async (request): Promise<EventsAnswer> => {
    const environment = await environmentOf(options, request);
    const after = queryId(request, 'after');
    const before = queryId(request, 'before');
    const rows = await events.list(environment, {
      limit: EVENTS_PER_ANSWER,
      ...(after && { after }),
      ...(before && { before }),
    });
    // Event ids carry their time, so their order is the order of the events.
    return { events: rows.map(eventRow).sort((a, b) => (a.id < b.id ? 1 : -1)) };
  });
  scope.get<Call>('/events/:id/body', async (request, reply) => {
    const body = await events.body(await environmentOf(options, request), idOf(request));
    return reply.type('application/json; charset=utf-8').serializer(String).send(body);
  });
  scope.post<Call>('/events/:id/resend', async (request): Promise<ResendAnswer> => {
    return { deliveries: await events.resend(await environmentOf(options, request), idOf(request)) };
  });
}

function destinationRoutes(scope: FastifyInstance, options: ApiOptions): void {
  const { destinations } = options.services;
  scope.get<Call>('/destinations', async (request): Promise<DestinationsAnswer> => {
    const rows = await destinations.list(await environmentOf(options, request));
    return { destinations: rows.map(destinationRow) };
  });
  scope.post<Call>('/destinations', async (request): Promise<NewDestinationAnswer> => {
    const url = bodyText(request, 'url', 2048);
    if (url === undefined) throw new Problem('bad_request', { detail: 'url is missing', field: 'url' });
    const added = await destinations.add(await environmentOf(options, request), 'webhook', { url });
    return { destination: destinationRow(added.destination), signing_secret: added.signingSecret ?? null };
  });
  scope.delete<Call>('/destinations/:id', async (request, reply) => {
    await destinations.remove(await environmentOf(options, request), idOf(request));
    return reply.code(204).send();
  });
}

function environmentOf(options: ApiOptions, request: CallRequest): Promise<Environment> {
  const { env } = request.query;
  return options.environment(typeof env === 'string' && env !== '' ? env : undefined);
}

/** Every id of ours is a UUID; the database would refuse anything else with an error instead of "not found". */
function idOf(request: CallRequest): string {
  if (!isUuid(request.params.id)) throw new Problem('not_found');
  return request.params.id;
}

function queryId(request: CallRequest, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && isUuid(value)) return value;
  throw new Problem('bad_request', { detail: `invalid ${name}`, field: name });
}

/** A text of the JSON body; undefined when absent or blank. Throws `bad_request` for anything else. */
function bodyText(request: CallRequest, name: string, maxLength: number): string | undefined {
  const value = (request.body as Record<string, unknown> | null | undefined)?.[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > maxLength || /[\0\p{Cs}]/u.test(value)) {
    throw new Problem('bad_request', { detail: `invalid ${name}`, field: name });
  }
  return value.trim() || undefined;
}

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toProblem(error);
  const answer: ErrorAnswer = {
    error: { code: problem.code, detail: problem.detail, ...(problem.field && { field: problem.field }) },
  };
  return reply.code(problem.status).headers(problem.headers).send(answer);
}
