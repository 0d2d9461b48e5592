import type { Account } from '../../core/account.ts';
import type { Connection, ConnectionWithAccount } from '../../core/connection.ts';
import type { Aggregates } from '../../core/store.ts';
import type { EnvironmentSettings } from '../../schema/environment-settings.ts';
import { announce } from '../fanout.ts';
import { refreshDueAt } from '../grant.ts';
import { wireUser } from '../wire-user.ts';
import type { Attempt } from './attempt.ts';
import type { Established } from './establish.ts';
import { isFull } from './limit.ts';
import type { ConnectPorts } from './ports.ts';

const WIRE_VERSION = '2022-03-16';

export type Settled = { connected: ConnectionWithAccount } | { refused: string };

/**
 * Everything that a successful login causes, in one transaction: account and grant, the connection (new, continued or
 * revived), the end of the attempt and its session, the events. Refused without a write when the attempt ended
 * meanwhile or the environment is full.
 */
export function settle(ports: ConnectPorts, attempt: Attempt, established: Established): Promise<Settled> {
  const { flow, environment } = attempt;
  return ports.store.transaction(async (tx) => {
    await tx.connections.lockEnvironment(environment.id);
    const current = await tx.flows.byId(environment.id, flow.id);
    if (current?.state !== 'pending') return { refused: current?.reason ?? 'invalid_state' };
    const earlier = await earlierConnection(tx, attempt, established.providerUserId);
    if (!earlier?.active && (await isFull(tx, environment))) return { refused: 'user_limit_reached' };
    const account = await saveAccount(tx, ports, attempt, established);
    const connection = await saveConnection(tx, ports, attempt, account, earlier);
    const connected = { ...connection, account };
    await tx.flows.finish(environment.id, flow.id, 'connected', undefined);
    if (flow.sessionId) await tx.sessions.complete(flow.sessionId, connection.userId, flow.provider);
    await announceConnected(tx, ports, attempt, connected, earlier);
    await tx.audit.add({
      environmentId: environment.id,
      at: ports.clock.now(),
      actor: 'end user',
      action: earlier ? 'reconnect' : 'connect',
      subject: connection.userId,
    });
    return { connected };
  });
}

/** The connection that this login continues; undefined when it makes a new one. */
async function earlierConnection(
  tx: Aggregates,
  { flow, environment }: Attempt,
  providerUserId: string,
): Promise<ConnectionWithAccount | undefined> {
  const account = await tx.accounts.find(environment.id, flow.provider, providerUserId, flow.transport);
  if (!account) return undefined;
  const connections = await tx.connections.ofAccount(environment.id, account.id);
  const same = sameConnection(environment.settings.reauth_scope, connections, flow.referenceId);
  return same && { ...same, account };
}

/** An active connection comes before one that was given up. */
function sameConnection(
  scope: EnvironmentSettings['reauth_scope'],
  connections: Connection[],
  referenceId: string | undefined,
): Connection | undefined {
  const same = connections.filter((connection) => scope === 'environment' || connection.referenceId === referenceId);
  return same.find((connection) => connection.active) ?? same[0];
}

async function saveAccount(
  tx: Aggregates,
  ports: ConnectPorts,
  { flow, environment, provider }: Attempt,
  established: Established,
): Promise<Account> {
  const { grant, providerUserId, label, scopes, zone, context } = established;
  const account = await tx.accounts.upsert({
    environmentId: environment.id,
    provider: provider.id,
    providerUserId,
    transport: flow.transport,
    label,
    scopes,
    zone,
    memberId: context.memberId,
    now: ports.clock.now(),
  });
  const ref = { environmentId: environment.id, accountId: account.id };
  // A higher version tells a refresh that is under way that its answer is no longer wanted.
  const version = ((await tx.accounts.grant(ref))?.version ?? 0) + 1;
  await tx.accounts.saveGrant(ref, { ...grant, version }, refreshDueAt(provider.auth, grant));
  await tx.accounts.setScopes(ref, scopes);
  if (account.state !== 'active') await tx.accounts.setState(ref, 'active');
  return { ...account, scopes, state: 'active', expiresAt: grant.expiresAt };
}

function saveConnection(
  tx: Aggregates,
  ports: ConnectPorts,
  { flow, environment }: Attempt,
  account: Account,
  earlier: Connection | undefined,
): Promise<Connection> {
  const now = ports.clock.now();
  const { userId, referenceId } = flow;
  if (earlier) return tx.connections.reauthenticate(environment.id, earlier.id, userId, referenceId, now);
  return tx.connections.create({
    environmentId: environment.id,
    accountId: account.id,
    userId,
    referenceId,
    provider: account.provider,
    now,
  });
}

/** `user_reauth` first: receivers rename the user on it and would collide with a user that `auth` made before. */
async function announceConnected(
  tx: Aggregates,
  ports: ConnectPorts,
  { flow, environment }: Attempt,
  connected: ConnectionWithAccount,
  earlier: ConnectionWithAccount | undefined,
): Promise<void> {
  const common = { isData: false, connectionId: connected.id };
  const user = wireUser(connected);
  const first = earlier?.active
    ? await announce(tx, ports.clock, environment.id, {
        ...common,
        type: 'user_reauth',
        body: {
          type: 'user_reauth',
          status: 'warning',
          message: 'User has reauthenticated and old ID has been deleted',
          version: WIRE_VERSION,
          new_user: user,
          old_user: { ...wireUser(earlier), active: false },
        },
      })
    : undefined;
  await announce(tx, ports.clock, environment.id, {
    ...common,
    type: 'auth',
    body: {
      type: 'auth',
      status: 'success',
      message: 'User has successfully authenticated',
      user,
      ...(flow.referenceId !== undefined && { reference_id: flow.referenceId }),
      ...(flow.sessionId !== undefined && { widget_session_id: flow.sessionId }),
      flow_id: flow.id,
      version: WIRE_VERSION,
    },
    ...(first && { afterEventId: first.id }),
  });
}
