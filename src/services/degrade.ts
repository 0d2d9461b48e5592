import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { AccountRef, Aggregates, Store } from '../core/store.ts';
import { announce } from './fanout.ts';
import { wireUser } from './wire-user.ts';

/**
 * The provider no longer accepts the account's grant: it needs reconnecting, and every active connection hears
 * `connection_error`, once until it recovers. `version` is the grant that was refused; a newer one is left alone.
 * Answers false when there was nothing to do.
 */
export function degrade(store: Store, clock: Clock, ref: AccountRef, version: number): Promise<boolean> {
  return store.transaction(async (tx) => {
    // The lock that reconnecting holds as well.
    await tx.connections.lockEnvironment(ref.environmentId);
    const account = await tx.accounts.byId(ref.environmentId, ref.accountId);
    const grant = await tx.accounts.grant(ref);
    if (account?.state !== 'active' || grant?.version !== version) return false;
    await tx.accounts.setState(ref, 'needs_reconnecting');
    await tx.accounts.postponeRefresh(ref, undefined);
    await announceDegraded(tx, clock, account);
    return true;
  });
}

async function announceDegraded(tx: Aggregates, clock: Clock, account: Account): Promise<void> {
  const connections = await tx.connections.ofAccount(account.environmentId, account.id);
  for (const connection of connections.filter(({ active }) => active)) {
    await announce(tx, clock, account.environmentId, {
      type: 'connection_error',
      isData: false,
      connectionId: connection.id,
      body: {
        type: 'connection_error',
        status: 'warning',
        message: 'Connection degraded: the provider rejected the access token; the user may need to reauthenticate',
        user: wireUser({ ...connection, account: { ...account, state: 'needs_reconnecting' } }),
      },
    });
  }
}
