import type { AuthFlow } from '../core/flow.ts';
import type { FlowStore } from '../core/store.ts';
import { isUuid } from '../lib/ids.ts';
import { change, firstOf, rowsOf, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';
import type { AuthFlowsTable } from './tables.ts';

/** A callback that consumed its flow has this long to end it before the flow counts as expired. */
const CALLBACK_GRACE_MS = 5 * 60_000;

export function flowsOn({ client }: Scope): FlowStore {
  const flows = () => sqlBuilder.selectFrom('auth_flows').selectAll();

  /** The flow while nobody has ended it. */
  const pending = (environmentId: string, id: string) =>
    sqlBuilder
      .updateTable('auth_flows')
      .where('environment_id', '=', environmentId)
      .where('id', '=', id)
      .where('state', '=', 'pending');

  return {
    async create(flow) {
      const values = {
        environment_id: flow.environmentId,
        id: flow.id,
        session_id: flow.sessionId ?? null,
        provider: flow.provider,
        transport: flow.transport,
        user_id: flow.userId,
        reference_id: flow.referenceId ?? null,
        language: flow.language ?? null,
        success_url: flow.successUrl ?? null,
        failure_url: flow.failureUrl ?? null,
        scopes: flow.scopes,
        state: flow.state,
        reason: flow.reason ?? null,
        created_at: flow.createdAt,
        expires_at: flow.expiresAt,
      };
      await change(client, sqlBuilder.insertInto('auth_flows').values(values));
    },

    async byId(environmentId, id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, flows().where('environment_id', '=', environmentId).where('id', '=', id));
      return row && toFlow(row);
    },

    async lookup(id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, flows().where('id', '=', id));
      return row && toFlow(row);
    },

    async consume(environmentId, id, now) {
      if (!isUuid(id)) return undefined;
      const take = pending(environmentId, id).set({ consumed_at: now }).where('consumed_at', 'is', null);
      const row = await firstOf(client, take.returningAll());
      return row && toFlow(row);
    },

    async finish(environmentId, id, state, reason) {
      return (await change(client, pending(environmentId, id).set({ state, reason: reason ?? null }))) === 1;
    },

    async expired(now, limit) {
      const abandoned = new Date(now.getTime() - CALLBACK_GRACE_MS);
      const query = flows()
        .where('state', '=', 'pending')
        .where('expires_at', '<', now)
        .where((where) => where.or([where('consumed_at', 'is', null), where('consumed_at', '<', abandoned)]))
        .orderBy('expires_at')
        .limit(limit);
      return (await rowsOf(client, query)).map(toFlow);
    },
  };
}

function toFlow(row: AuthFlowsTable): AuthFlow {
  return {
    environmentId: row.environment_id,
    id: row.id,
    sessionId: row.session_id ?? undefined,
    provider: row.provider,
    transport: row.transport,
    userId: row.user_id,
    referenceId: row.reference_id ?? undefined,
    language: row.language ?? undefined,
    successUrl: row.success_url ?? undefined,
    failureUrl: row.failure_url ?? undefined,
    scopes: row.scopes,
    state: row.state,
    reason: row.reason ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
