import type { Environment } from '../../core/environment.ts';
import type { AuthFlow } from '../../core/flow.ts';
import { formatInstant } from '../../lib/time.ts';
import type { TerraUser } from '../../schema/user.ts';
import { announce } from '../fanout.ts';
import type { ConnectPorts } from './ports.ts';

/**
 * Ends a pending attempt as failed and tells the app, in one transaction. False when it has ended already: an attempt
 * fails once, whoever comes first.
 */
export function failFlow(
  ports: Pick<ConnectPorts, 'store' | 'clock'>,
  environment: Environment,
  flow: AuthFlow,
  reason: string,
): Promise<boolean> {
  return ports.store.transaction(async (tx) => {
    await tx.connections.lockEnvironment(environment.id);
    const current = await tx.flows.byId(environment.id, flow.id);
    if (current?.state !== 'pending') return false;
    await tx.flows.finish(environment.id, flow.id, 'failed', reason);
    const body =
      environment.settings.auth_failure_event === 'auth' ? olderBody(flow, reason) : cancelledBody(flow, reason);
    const type = environment.settings.auth_failure_event;
    await announce(tx, ports.clock, environment.id, { type, isData: false, connectionId: undefined, body });
    return true;
  });
}

function cancelledBody(flow: AuthFlow, reason: string): Record<string, unknown> {
  return {
    type: 'auth_cancelled',
    status: 'error',
    flow_id: flow.id,
    reason,
    reference_id: flow.referenceId ?? null,
  };
}

/** The older event always has a user, because its receivers read `user.user_id` without looking. */
function olderBody(flow: AuthFlow, reason: string): Record<string, unknown> {
  const user: TerraUser = {
    user_id: flow.userId,
    provider: flow.provider,
    created_at: formatInstant(flow.createdAt),
    last_webhook_update: null,
    scopes: null,
    reference_id: flow.referenceId ?? null,
    active: false,
  };
  return {
    type: 'auth',
    status: 'error',
    message: 'User failed to authenticate and has been deleted',
    user,
    provider: flow.provider,
    reason,
    reference_id: flow.referenceId ?? null,
    widget_session_id: flow.sessionId ?? null,
  };
}
