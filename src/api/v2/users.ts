import type { Environment } from '../../core/environment.ts';
import { Problem } from '../../core/problem.ts';
import { subscriptionsQuery, userIdsBody, userInfoQuery } from '../../schema/queries.ts';
import { subscriptions, userInfo, userList } from '../../schema/responses.ts';
import type { TerraUser } from '../../schema/user.ts';
import type { Services } from '../../services/services.ts';
import { defineRoute, type Route } from '../route.ts';

const userExample = {
  user_id: '40f7b0e1-89e2-43ac-a5b8-1e29c8d47cad',
  provider: 'EXAMPLE',
  created_at: '2026-07-01T08:00:00.000000+00:00',
  last_webhook_update: null,
  scopes: 'daily,heartrate',
  reference_id: 'customer-123',
  active: true,
};

const getUserInfo = defineRoute({
  method: 'GET',
  paths: ['/userInfo'],
  auth: 'key',
  query: userInfoQuery,
  answers: { 200: userInfo },
  examples: {
    200: {
      status: 'success',
      is_authenticated: true,
      user: { ...userExample, last_polled_at: null, most_recent_data_at: null },
    },
  },
  problems: ['user_not_found'],
  summary: 'Look up one user, or all users of a person',
  description:
    'By user_id: that user. By reference_id: every user you gave that name, in an object with users; the environment ' +
    'setting userinfo_reference_shape turns it into the bare list of older servers.',
  tags: ['Users'],
  async handle({ environment, services, query }) {
    if (query.user_id !== undefined) {
      const user = await services.users.byUserId(environment, query.user_id.toLowerCase());
      return {
        status: 'success',
        is_authenticated: user.active !== false,
        user: { last_polled_at: null, most_recent_data_at: null, ...user },
      };
    }
    if (query.reference_id === undefined) {
      throw new Problem('bad_request', { detail: 'user_id or reference_id is required', field: 'user_id' });
    }
    const users = await services.users.byReference(environment, query.reference_id);
    return environment.settings.userinfo_reference_shape === 'array' ? users : { status: 'success', users };
  },
});

const listSubscriptions = defineRoute({
  method: 'GET',
  paths: ['/subscriptions'],
  auth: 'key',
  query: subscriptionsQuery,
  answers: { 200: subscriptions },
  examples: { 200: { status: 'success', users: [userExample] } },
  summary: 'List all users',
  description: 'All at once, or a page of them when page is given. reference_id narrows the list.',
  tags: ['Users'],
  async handle({ environment, services, query }) {
    const referenceId = query.reference_id;
    if (query.page === undefined) {
      return { status: 'success', users: await services.users.all(environment, { referenceId }) };
    }
    const perPage = query.per_page ?? 500;
    const page = await services.users.page(environment, { page: query.page, perPage, referenceId });
    return { status: 'success', data: { next: page.next, max_page: page.maxPage, results: page.results } };
  },
});

async function findUser(services: Services, environment: Environment, userId: string): Promise<TerraUser | undefined> {
  try {
    return await services.users.byUserId(environment, userId);
  } catch (error) {
    if (error instanceof Problem && error.code === 'user_not_found') return undefined;
    throw error;
  }
}

const bulkUserInfo = defineRoute({
  method: 'POST',
  paths: ['/bulkUserInfo'],
  auth: 'key',
  body: userIdsBody,
  answers: { 200: userList },
  examples: { 200: [userExample] },
  problems: ['user_not_found'],
  summary: 'Look up many users',
  description: 'The body is a bare list of ids, at most 500. The answer keeps its order and leaves unknown ids out.',
  tags: ['Users'],
  async handle({ environment, services, body }) {
    const found: TerraUser[] = [];
    for (const userId of body) {
      const user = await findUser(services, environment, userId.toLowerCase());
      if (user) found.push(user);
    }
    if (found.length === 0) throw new Problem('user_not_found');
    return found;
  },
});

export const userRoutes: Route[] = [getUserInfo, listSubscriptions, bulkUserInfo];
