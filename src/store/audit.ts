import type { AuditStore } from '../core/store.ts';
import { change, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';

export function auditOn({ client, orderedId }: Scope): AuditStore {
  return {
    async add({ environmentId, at, actor, action, subject }) {
      const values = { id: orderedId(at), environment_id: environmentId ?? null, at, actor, action, subject };
      await change(client, sqlBuilder.insertInto('audit_log').values(values));
    },
  };
}
