import type { WidgetSession } from '../core/flow.ts';
import type { SessionStore } from '../core/store.ts';
import { isUuid } from '../lib/ids.ts';
import { change, firstOf, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';
import type { WidgetSessionsTable } from './tables.ts';

export function sessionsOn({ client }: Scope): SessionStore {
  return {
    async create(session) {
      const values = {
        environment_id: session.environmentId,
        id: session.id,
        reference_id: session.referenceId ?? null,
        language: session.language ?? null,
        success_url: session.successUrl ?? null,
        failure_url: session.failureUrl ?? null,
        providers: session.providers ?? null,
        disallowed_providers: session.disallowedProviders,
        show_disconnect: session.showDisconnect,
        created_at: session.createdAt,
        expires_at: session.expiresAt,
        completed_user_id: session.completed?.userId ?? null,
        completed_provider: session.completed?.provider ?? null,
      };
      await change(client, sqlBuilder.insertInto('widget_sessions').values(values));
    },

    async byId(id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, sqlBuilder.selectFrom('widget_sessions').selectAll().where('id', '=', id));
      return row && toSession(row);
    },

    async complete(id, userId, provider) {
      const values = { completed_user_id: userId ?? null, completed_provider: provider };
      await change(client, sqlBuilder.updateTable('widget_sessions').set(values).where('id', '=', id));
    },
  };
}

function toSession(row: WidgetSessionsTable): WidgetSession {
  return {
    environmentId: row.environment_id,
    id: row.id,
    referenceId: row.reference_id ?? undefined,
    language: row.language ?? undefined,
    successUrl: row.success_url ?? undefined,
    failureUrl: row.failure_url ?? undefined,
    providers: row.providers ?? undefined,
    disallowedProviders: row.disallowed_providers,
    showDisconnect: row.show_disconnect,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    completed: row.completed_provider
      ? { userId: row.completed_user_id ?? undefined, provider: row.completed_provider }
      : undefined,
  };
}
