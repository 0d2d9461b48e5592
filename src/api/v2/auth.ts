import type { Static } from 'typebox';
import { Problem } from '../../core/problem.ts';
import {
  authenticateUserBody,
  authenticateUserQuery,
  userQuery,
  type WidgetSessionBody,
  widgetSessionBody,
} from '../../schema/queries.ts';
import { authUrl, done, widgetSession } from '../../schema/responses.ts';
import type { SessionInput } from '../../services/services.ts';
import { type Context, defineRoute, type Route } from '../route.ts';

type ConnectMembers = Pick<
  WidgetSessionBody,
  'reference_id' | 'language' | 'auth_success_redirect_url' | 'auth_failure_redirect_url'
>;

/** `example, OTHER` or a list, as upper-case codes; undefined when none is named. */
function providerCodes(value: string | string[] | null | undefined): string[] | undefined {
  const parts = Array.isArray(value) ? value : (value ?? '').split(',');
  const codes = parts.map((part) => part.trim().toUpperCase()).filter((part) => part !== '');
  return codes.length > 0 ? [...new Set(codes)] : undefined;
}

function connectInput(body: ConnectMembers): SessionInput {
  return {
    referenceId: body.reference_id ?? undefined,
    language: body.language || undefined,
    successUrl: body.auth_success_redirect_url ?? undefined,
    failureUrl: body.auth_failure_redirect_url ?? undefined,
  };
}

async function createSession(
  context: Context<'key', unknown, WidgetSessionBody>,
): Promise<Static<typeof widgetSession>> {
  const { body, environment, services } = context;
  const session = await services.connect.createSession(environment, {
    ...connectInput(body),
    providers: providerCodes(body.providers),
    disallowedProviders: providerCodes(body.disallowed_providers),
    showDisconnect: body.show_disconnect ?? false,
  });
  return { status: 'success', session_id: session.sessionId, url: session.url, expires_in: session.expiresIn };
}

const sessionExample = {
  status: 'success',
  session_id: '23dc2540-7139-44c6-8158-f81196e2cf2e',
  url: 'http://localhost:3000/session/23dc2540-7139-44c6-8158-f81196e2cf2e',
  expires_in: 900,
};

const sessionRoute = {
  method: 'POST',
  auth: 'key',
  body: widgetSessionBody,
  answers: { 200: widgetSession },
  examples: { 200: sessionExample },
  problems: ['provider_not_found', 'provider_not_enabled', 'redirect_refused', 'user_limit'],
  tags: ['Connect'],
  handle: createSession,
} as const satisfies Partial<Route<'key', never, typeof widgetSessionBody>>;

const generateWidgetSession = defineRoute({
  ...sessionRoute,
  problems: [...sessionRoute.problems],
  tags: [...sessionRoute.tags],
  paths: ['/auth/generateWidgetSession'],
  summary: 'Make a link to the connect page',
  description:
    'Answers the address of a page on which a person chooses a provider and logs in. The link works for 15 minutes.',
});

const widgetSessionByWidgetPath = defineRoute({
  ...sessionRoute,
  problems: [...sessionRoute.problems],
  tags: [...sessionRoute.tags],
  paths: ['/widget/session', '/widget/api/session', '/api/widget/session'],
  rootPaths: ['/api/widget/session', '/widget/api/session'],
  refusal: 'forbidden',
  summary: 'Make a link to the connect page (widget paths)',
  description:
    'Does what generateWidgetSession does, under the paths of the widget’s own API, where bad credentials answer 403.',
});

const authenticateUser = defineRoute({
  method: 'POST',
  paths: ['/auth/authenticateUser'],
  auth: 'key',
  query: authenticateUserQuery,
  body: authenticateUserBody,
  answers: { 200: authUrl },
  examples: {
    200: {
      status: 'success',
      user_id: '40f7b0e1-89e2-43ac-a5b8-1e29c8d47cad',
      auth_url: 'http://localhost:3000/auth/start/8f1c2f3e-52d5-4a4c-9a9b-0f6a1f6f7f55',
    },
  },
  problems: [
    'provider_not_found',
    'provider_not_enabled',
    'sdk_only',
    'credentials_missing',
    'redirect_refused',
    'user_limit',
  ],
  summary: 'Make a login link for one provider',
  description: 'For apps that show their own list of providers. The link works for 15 minutes.',
  tags: ['Connect'],
  async handle({ environment, services, query, body }) {
    const provider = query.resource ?? body.resource ?? body.provider;
    if (!provider) throw new Problem('bad_request', { detail: 'invalid resource', field: 'resource' });
    const link = await services.connect.authenticateUser(
      environment,
      provider.trim().toUpperCase(),
      connectInput(body),
    );
    return { status: 'success', user_id: link.userId, auth_url: link.authUrl };
  },
});

const deauthenticateUser = defineRoute({
  method: 'DELETE',
  paths: ['/auth/deauthenticateUser'],
  auth: 'key',
  query: userQuery,
  answers: { 200: done },
  examples: { 200: { status: 'success' } },
  problems: ['user_not_found'],
  summary: 'Disconnect a user',
  description:
    'Revokes the access at the provider, deletes everything that is kept for the user and sends the deauth event. ' +
    'A second call answers 404.',
  tags: ['Connect'],
  async handle({ environment, services, query }) {
    await services.disconnect.byUserId(environment, query.user_id.toLowerCase());
    return { status: 'success' };
  },
});

export const authRoutes: Route[] = [
  generateWidgetSession,
  widgetSessionByWidgetPath,
  authenticateUser,
  deauthenticateUser,
];
