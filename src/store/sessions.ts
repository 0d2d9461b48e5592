import type { WidgetSession } from '../core/flow.ts';
import type { SessionStore } from '../core/store.ts';
import { isUuid } from '../lib/ids.ts';
import { change, firstOf, run, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';
import type { WidgetSessionsTable } from './tables.ts';

const INSERT = `
  insert into widget_sessions (
    environment_id, id, reference_id, language, success_url, failure_url, providers, disallowed_providers,
    show_disconnect, created_at, expires_at, completed_user_id, completed_provider
  ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;

export function sessionsOn({ client }: Scope): SessionStore {
  return {
    async create(session) {
      const values = [
        session.environmentId,
        session.id,
        session.referenceId ?? null,
        session.language ?? null,
        session.successUrl ?? null,
        session.failureUrl ?? null,
        session.providers ?? null,
        session.disallowedProviders,
        session.showDisconnect,
        session.createdAt,
        session.expiresAt,
        session.completed?.userId ?? null,
        session.completed?.provider ?? null,
      ];
      await run(client, { name: 'session-create', text: INSERT, values });
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
