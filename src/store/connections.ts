import { sql } from 'kysely';
import type { Connection, ConnectionWithAccount } from '../core/connection.ts';
import { Problem } from '../core/problem.ts';
import type { ConnectionStore } from '../core/store.ts';
import { isUuid, uuid4 } from '../lib/ids.ts';
import { labelKeys, toAccount } from './account-row.ts';
import { change, firstOf, type Queryable, rowsOf, run, sqlBuilder } from './database.ts';
import { lockEnvironmentRow } from './environments.ts';
import type { Scope, TransactionScope } from './scope.ts';
import type { ConnectionsTable } from './tables.ts';
import { connectionOwner, type Vault } from './vault.ts';

/** Connections of an environment with their account's columns beside them. */
function joined(environmentId: string) {
  return sqlBuilder
    .selectFrom('connections as c')
    .innerJoin('accounts as a', (join) =>
      join.onRef('a.environment_id', '=', 'c.environment_id').onRef('a.id', '=', 'c.account_id'),
    )
    .where('c.environment_id', '=', environmentId)
    .selectAll('c')
    .select([
      'a.provider_user_id',
      'a.transport',
      'a.state',
      'a.label',
      'a.scopes',
      'a.zone',
      'a.member_id',
      'a.expires_at',
      'a.created_at as account_created_at',
    ])
    .orderBy('c.created_at')
    .orderBy('c.id');
}

async function withAccounts(
  client: Queryable,
  vault: Vault,
  query: ReturnType<typeof joined>,
): Promise<ConnectionWithAccount[]> {
  const rows = await rowsOf(client, query);
  const accounts = rows.map((row) => ({ ...row, id: row.account_id, created_at: row.account_created_at }));
  const keys = await labelKeys(client, vault, accounts);
  return rows.map((row, index) => ({
    ...toConnection(row),
    account: toAccount(accounts[index] as (typeof accounts)[number], keys),
  }));
}

export function connectionsOn(scope: Scope): ConnectionStore {
  const { client, vault } = scope;
  const all = (query: ReturnType<typeof joined>) => withAccounts(client, vault, query);
  const first = async (query: ReturnType<typeof joined>) => (await all(query.limit(1)))[0];

  const update = (environmentId: string) =>
    sqlBuilder.updateTable('connections').where('environment_id', '=', environmentId);

  return {
    async byUserId(environmentId, userId) {
      return isUuid(userId) ? first(joined(environmentId).where('c.user_id', '=', userId)) : undefined;
    },

    async byRetiredUserId(environmentId, userId) {
      if (!isUuid(userId)) return undefined;
      return first(joined(environmentId).where(sql<boolean>`c.retired_user_ids @> array[${userId}]::uuid[]`));
    },

    async byId(environmentId, id) {
      return isUuid(id) ? first(joined(environmentId).where('c.id', '=', id)) : undefined;
    },

    async ofAccount(environmentId, accountId) {
      const query = sqlBuilder
        .selectFrom('connections')
        .selectAll()
        .where('environment_id', '=', environmentId)
        .where('account_id', '=', accountId)
        .orderBy('created_at')
        .orderBy('id');
      return (await rowsOf(client, query)).map(toConnection);
    },

    ofReference: (environmentId, referenceId) => all(joined(environmentId).where('c.reference_id', '=', referenceId)),

    async byUserIds(environmentId, userIds) {
      const known = userIds.filter(isUuid);
      return known.length === 0
        ? []
        : all(joined(environmentId).where(sql<boolean>`c.user_id = any(${known}::uuid[])`));
    },

    async byIds(environmentId, ids) {
      return ids.length === 0 ? [] : all(joined(environmentId).where(sql<boolean>`c.id = any(${ids}::uuid[])`));
    },

    async page(environmentId, { page, perPage, referenceId, provider }) {
      let query = joined(environmentId);
      let count = sqlBuilder
        .selectFrom('connections as c')
        .select(sql<number>`count(*)::int`.as('total'))
        .where('c.environment_id', '=', environmentId);
      if (referenceId !== undefined) {
        query = query.where('c.reference_id', '=', referenceId);
        count = count.where('c.reference_id', '=', referenceId);
      }
      if (provider !== undefined) {
        query = query.where('c.provider', '=', provider);
        count = count.where('c.provider', '=', provider);
      }
      if (perPage !== undefined) query = query.limit(perPage).offset((page ?? 0) * perPage);
      const connections = await all(query);
      const total = perPage === undefined ? connections.length : ((await firstOf(client, count))?.total ?? 0);
      return { connections, total };
    },

    async countActive(environmentId) {
      const query = sqlBuilder
        .selectFrom('connections')
        .select(sql<number>`count(*)::int`.as('total'))
        .where('environment_id', '=', environmentId)
        .where('active', '=', true);
      return (await firstOf(client, query))?.total ?? 0;
    },

    lockEnvironment: (environmentId) => scope.atomic((tx) => lockEnvironmentRow(tx, environmentId)),

    create: ({ environmentId, accountId, userId, referenceId, provider, now }) =>
      scope.atomic(async (tx) => {
        const values = {
          environment_id: environmentId,
          id: uuid4(),
          account_id: accountId,
          user_id: userId,
          reference_id: referenceId ?? null,
          retired_user_ids: [],
          provider,
          active: true,
          created_at: now,
          last_webhook_update: null,
        };
        await change(tx.client, sqlBuilder.insertInto('connections').values(values));
        await vault.create(tx.client, connectionOwner(environmentId, values.id), now);
        return toConnection(values);
      }),

    async reauthenticate(environmentId, id, userId, referenceId) {
      const query = update(environmentId)
        .set({
          user_id: userId,
          reference_id: referenceId ?? null,
          active: true,
          retired_user_ids: sql`case when user_id = ${userId} then retired_user_ids
            else array_append(retired_user_ids, user_id) end`,
        })
        .where('id', '=', id);
      const row = await firstOf(client, query.returningAll());
      if (!row) throw new Problem('not_found', { detail: 'the connection does not exist any more' });
      return toConnection(row);
    },

    async setActive(environmentId, id, active) {
      await change(client, update(environmentId).set({ active }).where('id', '=', id));
    },

    async setReferenceId(environmentId, id, referenceId) {
      const values = { reference_id: referenceId ?? null };
      await change(client, update(environmentId).set(values).where('id', '=', id));
    },

    async touch(environmentId, ids, at) {
      const query = update(environmentId)
        .set({ last_webhook_update: sql`greatest(last_webhook_update, ${at})` })
        .where(sql<boolean>`id = any(${ids}::uuid[])`);
      await change(client, query);
    },

    delete: (environmentId, id) => scope.atomic((tx) => deleteConnection(tx, environmentId, id)),
  };
}

/** What stands in the database for a connection's data, in the order in which it has to go. */
const DELETIONS = [
  `with gone as (
     delete from deliveries d using events e
     where e.environment_id = $1 and e.connection_id = $2 and e.is_data
       and d.environment_id = e.environment_id and d.event_id = e.id
     returning d.environment_id, d.id
   )
   delete from attempts a using gone where a.environment_id = gone.environment_id and a.delivery_id = gone.id`,
  'delete from events where environment_id = $1 and connection_id = $2 and is_data',
  'delete from payloads where environment_id = $1 and connection_id = $2',
  'delete from raw_records where environment_id = $1 and connection_id = $2',
  `delete from lanes where kind = 'normalise' and environment_id = $1 and lane_id = $2`,
  'delete from connections where environment_id = $1 and id = $2',
];

/** Erases a connection; the events that tell of its connecting and disconnecting stay. */
export async function deleteConnection(tx: TransactionScope, environmentId: string, id: string): Promise<void> {
  // First: this waits for all who are adding rows under the key, so that the statements after it see those rows.
  await tx.vault.forget(tx.client, connectionOwner(environmentId, id));
  for (const text of DELETIONS) await run(tx.client, { text, values: [environmentId, id] });
}

function toConnection(row: ConnectionsTable): Connection {
  return {
    environmentId: row.environment_id,
    id: row.id,
    accountId: row.account_id,
    userId: row.user_id,
    referenceId: row.reference_id ?? undefined,
    retiredUserIds: row.retired_user_ids,
    provider: row.provider,
    active: row.active,
    createdAt: row.created_at,
    lastWebhookUpdate: row.last_webhook_update ?? undefined,
  };
}
