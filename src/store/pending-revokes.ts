import { sql } from 'kysely';
import type { AccountStore, PendingRevoke } from '../core/store.ts';
import { change, rowsOf, sqlBuilder } from './database.ts';
import { grantText, parseGrant } from './grant.ts';
import type { Scope } from './scope.ts';
import { environmentOwner } from './vault.ts';

type PendingRevokes = Pick<AccountStore, 'keepPendingRevoke' | 'duePendingRevokes' | 'finishPendingRevoke'>;

/** Grants that outlive their account, under the environment's key, until the provider has revoked them. */
export function pendingRevokesOn(scope: Scope): PendingRevokes {
  const { client, vault } = scope;
  const place = (id: string) => ({ table: 'pending_revokes', row: id, field: 'granted' });

  return {
    async keepPendingRevoke(account, grant, dueAt, giveUpAt) {
      const id = scope.orderedId(dueAt);
      const owner = environmentOwner(account.environmentId);
      const values = {
        environment_id: account.environmentId,
        id,
        provider: account.provider,
        provider_user_id: account.providerUserId,
        transport: account.transport,
        member_id: account.memberId,
        granted: await vault.seal(client, owner, place(id), grantText(grant)),
        attempts: 0,
        due_at: dueAt,
        give_up_at: giveUpAt,
      };
      await change(client, sqlBuilder.insertInto('pending_revokes').values(values));
    },

    async duePendingRevokes(now, leasedUntil, limit) {
      const due = sqlBuilder
        .selectFrom('pending_revokes')
        .select(['environment_id', 'id'])
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(limit)
        .forUpdate()
        .skipLocked();
      const lease = sqlBuilder
        .with('due', () => due)
        .updateTable('pending_revokes')
        .from('due')
        .set({ due_at: leasedUntil })
        .whereRef('pending_revokes.environment_id', '=', 'due.environment_id')
        .whereRef('pending_revokes.id', '=', 'due.id')
        .returningAll('pending_revokes');
      const found: PendingRevoke[] = [];
      for (const row of await rowsOf(client, lease)) {
        const granted = await vault.open(client, environmentOwner(row.environment_id), place(row.id), row.granted);
        if (!granted) continue;
        found.push({
          environmentId: row.environment_id,
          id: row.id,
          provider: row.provider,
          providerUserId: row.provider_user_id,
          transport: row.transport,
          memberId: row.member_id,
          grant: parseGrant(granted.toString()),
          attempts: row.attempts,
          giveUpAt: row.give_up_at,
        });
      }
      return found;
    },

    async finishPendingRevoke(environmentId, id, next) {
      const row = { environment_id: environmentId, id };
      if (next === undefined) {
        await change(
          client,
          sqlBuilder.deleteFrom('pending_revokes').where((where) => where.and(row)),
        );
        return;
      }
      const later = { due_at: next, attempts: sql<number>`attempts + 1` };
      await change(
        client,
        sqlBuilder
          .updateTable('pending_revokes')
          .set(later)
          .where((where) => where.and(row)),
      );
    },
  };
}
