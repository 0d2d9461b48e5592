import type { DataType } from '../../core/data-type.ts';
import { Problem } from '../../core/problem.ts';
import { userIdText, type WriteBody, writeBody, writeQuery } from '../../schema/queries.ts';
import { done } from '../../schema/responses.ts';
import { defineRoute, type Method, type Route } from '../route.ts';

const USER_ID = new RegExp(String((userIdText as { pattern?: string }).pattern));

/** The generated clients have no place for `user_id` on these calls, so it is looked for in three. */
function writtenUser(query: { user_id?: string | undefined }, body: WriteBody): string {
  const first = body.data?.[0] as { user_id?: unknown } | null | undefined;
  const userId = query.user_id ?? body.user_id ?? first?.user_id;
  if (typeof userId !== 'string' || !USER_ID.test(userId)) {
    throw new Problem('bad_request', { detail: 'invalid user_id', field: 'user_id' });
  }
  return userId.toLowerCase();
}

function writeRoute(method: Extract<Method, 'POST' | 'DELETE'>, path: string, type: DataType): Route {
  const verb = method === 'POST' ? 'Write' : 'Delete';
  return defineRoute({
    method,
    paths: [path],
    auth: 'key',
    query: writeQuery,
    body: writeBody,
    bodyLimit: 5 * 1024 * 1024,
    answers: { 200: done },
    problems: ['user_not_found', 'write_unsupported'],
    summary: `${verb} ${type.replace('_', ' ')} records at the provider`,
    description: 'For providers that accept records. user_id may stand in the query, the body or the first record.',
    tags: ['Writes'],
    async handle({ environment, services, query, body }) {
      await services.users.byUserId(environment, writtenUser(query, body));
      // No provider takes records from us so far; the answer is the one for connections that cannot be written to.
      throw new Problem('write_unsupported', { detail: `this connection does not support writing ${type}` });
    },
  });
}

export const writeRoutes: Route[] = [
  writeRoute('POST', '/activity', 'activity'),
  writeRoute('POST', '/body', 'body'),
  writeRoute('POST', '/nutrition', 'nutrition'),
  writeRoute('POST', '/plannedWorkout', 'planned_workout'),
  writeRoute('DELETE', '/body', 'body'),
  writeRoute('DELETE', '/nutrition', 'nutrition'),
  writeRoute('DELETE', '/plannedWorkout', 'planned_workout'),
];
