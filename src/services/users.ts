import type { ConnectionWithAccount } from '../core/connection.ts';
import type { Environment } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { Store } from '../core/store.ts';
import { isUuid } from '../lib/ids.ts';
import type { UserService } from './services.ts';
import { wireUser } from './wire-user.ts';

/** Reading connections as the wire's users. */
export function createUserService({ store }: { store: Store }): UserService {
  return {
    byUserId: async (environment, userId) => wireUser(await findConnection(store, environment, userId)),
    async byReference(environment, referenceId) {
      return (await store.connections.ofReference(environment.id, referenceId)).map(wireUser);
    },
    async all(environment, filter) {
      return (await store.connections.page(environment.id, filter)).connections.map(wireUser);
    },
    async page(environment, { page, perPage, referenceId }) {
      const filter = { page, perPage, ...(referenceId !== undefined && { referenceId }) };
      const { connections, total } = await store.connections.page(environment.id, filter);
      const maxPage = Math.max(0, Math.ceil(total / perPage) - 1);
      return { next: page < maxPage ? page + 1 : null, maxPage, results: connections.map(wireUser) };
    },
  };
}

/**
 * The connection of a user id. One that a reauthentication replaced is found where the environment reads such ids as
 * aliases. Throws `user_not_found`.
 */
export async function findConnection(
  store: Store,
  environment: Environment,
  userId: string,
): Promise<ConnectionWithAccount> {
  if (!isUuid(userId)) throw new Problem('user_not_found');
  const connection =
    (await store.connections.byUserId(environment.id, userId)) ??
    (environment.settings.retired_user_ids === 'alias'
      ? await store.connections.byRetiredUserId(environment.id, userId)
      : undefined);
  if (!connection) throw new Problem('user_not_found');
  return connection;
}
