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
} from '../../src/api/first-steps/wire.ts';

/** A call that did not work. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

const ROOT = '/first-steps/api';

/** The environment that the address names (`?env=`); none: the server's first. */
const chosen = new URLSearchParams(location.search).get('env');

export const api = {
  environment: () => json<EnvironmentAnswer>('GET', '/environment'),
  addKey: () => json<ApiKeyAnswer>('POST', '/api-keys', {}),
  connect: (referenceId: string) => json<ConnectAnswer>('POST', '/connect', { reference_id: referenceId }),
  users: () => json<UsersAnswer>('GET', '/users'),
  disconnect: (userId: string) => call('DELETE', `/users/${userId}`),
  events: (page: { after?: string; before?: string }) => json<EventsAnswer>('GET', '/events', undefined, page),
  eventBody: async (id: string) => (await call('GET', `/events/${id}/body`)).text(),
  resend: (id: string) => json<ResendAnswer>('POST', `/events/${id}/resend`, {}),
  destinations: () => json<DestinationsAnswer>('GET', '/destinations'),
  addWebhook: (url: string) => json<NewDestinationAnswer>('POST', '/destinations', { url }),
  removeDestination: (id: string) => call('DELETE', `/destinations/${id}`),
};

async function json<T>(method: string, path: string, body?: unknown, query?: Record<string, string>): Promise<T> {
  return (await (await call(method, path, body, query)).json()) as T;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  query: Record<string, string> = {},
): Promise<Response> {
  const search = new URLSearchParams(chosen ? { ...query, env: chosen } : query).toString();
  const response = await fetch(`${ROOT}${path}${search ? `?${search}` : ''}`, {
    method,
    // A header of our own: forms cannot send it, and other origins are not allowed to.
    headers: { 'x-solum-csrf': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, 'The server is not reachable.');
  });
  if (!response.ok) throw new ApiError(response.status, await detailOf(response));
  return response;
}

async function detailOf(response: Response): Promise<string> {
  const answer = (await response.json().catch(() => undefined)) as ErrorAnswer | undefined;
  const detail = answer?.error?.detail ?? `The server answered ${response.status}.`;
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}`.replace(/[^.!?]$/, '$&.');
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Something went wrong. Try again.';
}
