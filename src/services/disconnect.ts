import type { Account, Grant } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { ConnectionWithAccount } from '../core/connection.ts';
import type { Environment } from '../core/environment.ts';
import type { Log } from '../core/log.ts';
import type { ProviderClient } from '../core/outbound.ts';
import { Problem } from '../core/problem.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import type { Aggregates, PendingRevoke, Store } from '../core/store.ts';
import { type Backoff, backoffSeconds } from '../lib/backoff.ts';
import { isUuid } from '../lib/ids.ts';
import { announce } from './fanout.ts';
import { type GrantProvider, hasGrant } from './provider-access.ts';
import type { RefreshService } from './refresh.ts';
import { revokeGrant } from './revoke.ts';
import type { DisconnectService } from './services.ts';
import { wireUser } from './wire-user.ts';

export interface DisconnectPorts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  client: ProviderClient;
  /** Some providers revoke only with an access token that has not run out. */
  refresh: Pick<RefreshService, 'token'>;
}

const GIVE_UP_HOURS = 24;
const BACKOFF: Backoff = { baseSeconds: 60, capSeconds: 7_200, jitter: 0.1 };
const LEASE_SECONDS = 120;
const BATCH = 50;

/** Ending connections: at the provider, in everything kept, and in what the app knows. */
export function createDisconnectService(ports: DisconnectPorts): DisconnectService {
  return {
    byUserId: (environment, userId) => byUserId(ports, environment, userId),
    fromSession: (sessionId, userId) => fromSession(ports, sessionId, userId),
    retryRevokes: () => retryRevokes(ports),
  };
}

async function byUserId(ports: DisconnectPorts, environment: Environment, userId: string): Promise<void> {
  const connection = isUuid(userId) ? await ports.store.connections.byUserId(environment.id, userId) : undefined;
  if (!connection) throw new Problem('user_not_found');
  await disconnect(ports, connection, 'app');
}

async function fromSession(ports: DisconnectPorts, sessionId: string, userId: string): Promise<void> {
  const session = isUuid(sessionId) ? await ports.store.sessions.byId(sessionId) : undefined;
  if (!session) throw new Problem('not_found');
  if (session.expiresAt <= ports.clock.now()) throw new Problem('session_expired');
  const { environmentId, referenceId } = session;
  if (!session.showDisconnect || referenceId === undefined) throw new Problem('forbidden');
  const connection = isUuid(userId) ? await ports.store.connections.byUserId(environmentId, userId) : undefined;
  if (connection?.referenceId !== referenceId) throw new Problem('user_not_found');
  await disconnect(ports, connection, 'end user');
}

/** Provider first, outside the transaction; its failure never stands in the way of deleting what is kept here. */
async function disconnect(ports: DisconnectPorts, connection: ConnectionWithAccount, actor: string): Promise<void> {
  const isLast = await isLastActive(ports.store, connection);
  const left = isLast ? await revoke(ports, connection) : undefined;
  await ports.store.transaction(async (tx) => {
    await tx.connections.lockEnvironment(connection.environmentId);
    const current = await tx.connections.byId(connection.environmentId, connection.id);
    if (current?.userId !== connection.userId) throw new Problem('user_not_found');
    await announceGone(tx, ports.clock, current);
    await tx.deliveries.cancelOfConnection(current.environmentId, current.id);
    await tx.connections.delete(current.environmentId, current.id);
    // The others may have gone since: then nobody has asked the provider yet.
    await releaseAccount(tx, ports.clock, current, isLast ? left : await revocableGrant(ports, tx, current));
    await tx.audit.add({
      environmentId: current.environmentId,
      at: ports.clock.now(),
      actor,
      action: 'disconnect',
      subject: current.userId,
    });
  });
}

async function isLastActive(tx: Aggregates, { environmentId, accountId, id }: ConnectionWithAccount): Promise<boolean> {
  const connections = await tx.connections.ofAccount(environmentId, accountId);
  return !connections.some((connection) => connection.active && connection.id !== id);
}

/** A grant that the provider ended, or never takes back, has nothing to revoke. */
function revocableAt(ports: DisconnectPorts, account: Account): GrantProvider | undefined {
  const provider = ports.providers.find(account.provider);
  const isRevocable = provider && hasGrant(provider) && provider.auth.revoke && account.state === 'active';
  return isRevocable ? provider : undefined;
}

async function revocableGrant(
  ports: DisconnectPorts,
  tx: Aggregates,
  { account }: ConnectionWithAccount,
): Promise<Grant | undefined> {
  const ref = { environmentId: account.environmentId, accountId: account.id };
  return revocableAt(ports, account) && tx.accounts.grant(ref);
}

/** Answers the grant when its revoke still has to succeed. */
async function revoke(ports: DisconnectPorts, { account }: ConnectionWithAccount): Promise<Grant | undefined> {
  const provider = revocableAt(ports, account);
  if (!provider) return undefined;
  const ref = { environmentId: account.environmentId, accountId: account.id };
  await ports.refresh.token(ref);
  const grant = await ports.store.accounts.grant(ref);
  if (!grant) return undefined;
  const end = await revokeGrant(ports, provider, { ...account, grant });
  if (end === 'later') ports.log.warn({ provider: provider.id, accountId: account.id }, 'revoke put off');
  return end === 'later' ? grant : undefined;
}

function announceGone(tx: Aggregates, clock: Clock, connection: ConnectionWithAccount) {
  return announce(tx, clock, connection.environmentId, {
    type: 'deauth',
    isData: false,
    connectionId: connection.id,
    body: {
      type: 'deauth',
      status: 'success',
      message: 'User has deauthenticated',
      user: { ...wireUser(connection), active: false },
    },
  });
}

/** The account goes with its last connection; its grant outlives it only for a revoke that still has to succeed. */
async function releaseAccount(
  tx: Aggregates,
  clock: Clock,
  { account }: ConnectionWithAccount,
  unrevoked: Grant | undefined,
): Promise<void> {
  const left = await tx.connections.ofAccount(account.environmentId, account.id);
  const ref = { environmentId: account.environmentId, accountId: account.id };
  if (left.some(({ active }) => active)) return;
  if (unrevoked) {
    const now = clock.now().getTime();
    const dueAt = new Date(now + BACKOFF.baseSeconds * 1000);
    await tx.accounts.keepPendingRevoke(account, unrevoked, dueAt, new Date(now + GIVE_UP_HOURS * 3_600_000));
  }
  if (left.length === 0) await tx.accounts.delete(ref);
  else await tx.accounts.setState(ref, 'revoked');
}

async function retryRevokes(ports: DisconnectPorts): Promise<number> {
  const now = ports.clock.now();
  const leasedUntil = new Date(now.getTime() + LEASE_SECONDS * 1000);
  const pending = await ports.store.accounts.duePendingRevokes(now, leasedUntil, BATCH);
  for (const row of pending) {
    const next = await retryRevoke(ports, row);
    await ports.store.accounts.finishPendingRevoke(row.environmentId, row.id, next);
  }
  return pending.length;
}

/** When to try again; undefined: it is done, or no longer ours to do. */
async function retryRevoke(ports: DisconnectPorts, row: PendingRevoke): Promise<Date | undefined> {
  const provider = ports.providers.find(row.provider);
  if (!provider || !hasGrant(provider) || (await isConnectedAgain(ports.store, row))) return undefined;
  if ((await revokeGrant(ports, provider, row)) === 'done') return undefined;
  const seconds = backoffSeconds(BACKOFF, row.attempts + 1, Math.random());
  const next = new Date(ports.clock.now().getTime() + seconds * 1000);
  if (next <= row.giveUpAt) return next;
  ports.log.error({ provider: row.provider }, 'a grant could not be revoked at the provider within 24 h');
  return undefined;
}

/** Providers that revoke by account would end the new connection as well. */
async function isConnectedAgain(store: Store, row: PendingRevoke): Promise<boolean> {
  const account = await store.accounts.find(row.environmentId, row.provider, row.providerUserId, row.transport);
  return account?.state === 'active';
}
