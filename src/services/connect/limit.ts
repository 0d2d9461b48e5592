import type { Environment } from '../../core/environment.ts';
import type { Aggregates } from '../../core/store.ts';

/** True when the environment has as many active users as its setting `user_limit` allows. */
export async function isFull(tx: Aggregates, environment: Environment): Promise<boolean> {
  const limit = environment.settings.user_limit;
  return limit !== null && (await tx.connections.countActive(environment.id)) >= limit;
}

/**
 * Whether a login at this provider may begin. At the limit only someone who is connected there already may, because
 * logging in again takes no new place; the callback decides under the lock.
 */
export async function mayConnect(
  tx: Aggregates,
  environment: Environment,
  referenceId: string | undefined,
  provider: string | undefined,
): Promise<boolean> {
  if (!(await isFull(tx, environment))) return true;
  if (referenceId === undefined) return false;
  const own = await tx.connections.ofReference(environment.id, referenceId);
  return own.some((connection) => connection.active && (provider === undefined || connection.provider === provider));
}
