import type { AuthContext } from '../../core/provider.ts';
import { runSteps } from '../provider-request.ts';
import { type Attempt, routeOf } from './attempt.ts';
import type { ConnectPorts } from './ports.ts';

const REVOKE_TIMEOUT_MS = 5_000;

/**
 * Revokes a fresh grant that is not going to be used. Left alone when the same provider account is connected here
 * already: providers that revoke by account would end that connection as well. A failure changes nothing for anyone.
 */
export async function giveBack(
  ports: ConnectPorts,
  attempt: Attempt,
  context: AuthContext,
  providerUserId: string | undefined,
): Promise<void> {
  const { provider, flow } = attempt;
  if (!context.token || !provider.auth.revoke) return;
  if (providerUserId !== undefined) {
    const account = await ports.store.accounts.find(flow.environmentId, provider.id, providerUserId, flow.transport);
    if (account) return;
  }
  const end = await runSteps(routeOf(ports, attempt), context, provider.auth.revoke, REVOKE_TIMEOUT_MS);
  if ('stopped' in end) ports.log.warn({ provider: provider.id, ...end }, 'an unwanted grant could not be revoked');
}
