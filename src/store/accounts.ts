import { sql } from 'kysely';
import type { Account } from '../core/account.ts';
import { Problem } from '../core/problem.ts';
import type { AccountRef, AccountStore, NewAccount } from '../core/store.ts';
import type { KeyOwner, SealedPlace } from '../core/vault.ts';
import { isUuid, uuid4 } from '../lib/ids.ts';
import { labelKeys, labelPlace, toAccount } from './account-row.ts';
import { deleteConnection } from './connections.ts';
import { change, firstOf, rowsOf, sqlBuilder } from './database.ts';
import { grantText, parseGrant } from './grant.ts';
import { pendingRevokesOn } from './pending-revokes.ts';
import type { Scope, TransactionScope } from './scope.ts';
import type { AccountsTable } from './tables.ts';
import { accountOwner } from './vault.ts';

/** How often an upsert looks again after the account it met was deleted meanwhile. */
const MOST_LOOKS = 5;

export function accountsOn(scope: Scope): AccountStore {
  const { client, vault } = scope;
  const accounts = () => sqlBuilder.selectFrom('accounts').selectAll();

  async function first(query: ReturnType<typeof accounts>): Promise<Account | undefined> {
    const row = await firstOf(client, query);
    return row && toAccount(row, await labelKeys(client, vault, [row]));
  }

  const update = (ref: AccountRef) =>
    sqlBuilder.updateTable('accounts').where('environment_id', '=', ref.environmentId).where('id', '=', ref.accountId);

  return {
    find: (environmentId, provider, providerUserId, transport) =>
      first(
        accounts()
          .where('environment_id', '=', environmentId)
          .where('provider', '=', provider)
          .where('provider_user_id', '=', providerUserId)
          .where('transport', '=', transport),
      ),

    async byId(environmentId, id) {
      if (!isUuid(id)) return undefined;
      return first(accounts().where('environment_id', '=', environmentId).where('id', '=', id));
    },

    upsert: (account) => scope.atomic((tx) => upsertAccount(tx, account)),

    async setState(ref, state) {
      await change(client, update(ref).set({ state }));
    },

    async setScopes(ref, scopes) {
      await change(client, update(ref).set({ scopes: scopes ?? null }));
    },

    async grant(ref) {
      const row = await firstOf(
        client,
        sqlBuilder
          .selectFrom('accounts')
          .select('granted')
          .where('environment_id', '=', ref.environmentId)
          .where('id', '=', ref.accountId),
      );
      const opened = row?.granted && (await vault.open(client, ownerOf(ref), grantPlace(ref.accountId), row.granted));
      return opened ? parseGrant(opened.toString()) : undefined;
    },

    async saveGrant(ref, grant, refreshDueAt) {
      const granted = await vault.seal(client, ownerOf(ref), grantPlace(ref.accountId), grantText(grant));
      const values = { granted, expires_at: grant.expiresAt ?? null, refresh_due_at: refreshDueAt ?? null };
      const saved = await change(client, update(ref).set(values));
      if (saved === 0) throw new Problem('not_found', { detail: 'the account does not exist any more' });
    },

    async postponeRefresh(ref, until) {
      await change(client, update(ref).set({ refresh_due_at: until ?? null }));
    },

    async refreshDueAt(ref) {
      const due = sqlBuilder
        .selectFrom('accounts')
        .select('refresh_due_at')
        .where('environment_id', '=', ref.environmentId)
        .where('id', '=', ref.accountId);
      return (await firstOf(client, due))?.refresh_due_at ?? undefined;
    },

    async claimRefresh(ref, token, now, until) {
      const claim = update(ref)
        .set({ refresh_lease: token, refresh_leased_until: until })
        .where((where) => where.or([where('refresh_lease', 'is', null), where('refresh_leased_until', '<', now)]));
      return (await change(client, claim)) === 1;
    },

    async releaseRefresh(ref, token) {
      const values = { refresh_lease: null, refresh_leased_until: null };
      await change(client, update(ref).set(values).where('refresh_lease', '=', token));
    },

    async dueRefreshes(now, limit) {
      const due = sqlBuilder
        .selectFrom('accounts')
        .select(['environment_id', 'id'])
        .where('refresh_due_at', '<=', now)
        .where('state', '=', 'active')
        .where((where) => where.or([where('refresh_lease', 'is', null), where('refresh_leased_until', '<', now)]))
        .orderBy('refresh_due_at')
        .orderBy('id')
        .limit(limit);
      const rows = await rowsOf(client, due);
      return rows.map((row) => ({ environmentId: row.environment_id, accountId: row.id }));
    },

    delete: (ref) => scope.atomic((tx) => deleteAccount(tx, ref)),

    ...pendingRevokesOn(scope),
  };
}

async function upsertAccount(tx: TransactionScope, account: NewAccount): Promise<Account> {
  for (let look = 1; look <= MOST_LOOKS; look += 1) {
    const row = (await insertAccount(tx, account)) ?? (await refreshAccount(tx, account));
    if (row) return toAccount(row, await labelKeys(tx.client, tx.vault, [row]));
  }
  throw new Problem('conflict', { detail: 'the account is being deleted' });
}

async function insertAccount(tx: TransactionScope, account: NewAccount): Promise<AccountsTable | undefined> {
  const id = uuid4();
  const values = {
    environment_id: account.environmentId,
    id,
    provider: account.provider,
    provider_user_id: account.providerUserId,
    transport: account.transport,
    state: 'active' as const,
    scopes: account.scopes ?? null,
    zone: account.zone ?? null,
    member_id: account.memberId,
    created_at: account.now,
  };
  const insert = sqlBuilder
    .insertInto('accounts')
    .values(values)
    .onConflict((conflict) =>
      conflict.columns(['environment_id', 'provider', 'provider_user_id', 'transport']).doNothing(),
    );
  const row = await firstOf(tx.client, insert.returningAll());
  if (!row) return undefined;
  await tx.vault.create(tx.client, accountOwner(account.environmentId, id), account.now);
  return saveLabel(tx, row, account.label);
}

/** What the new login says wins over what is known; what it does not say stays. */
async function refreshAccount(tx: TransactionScope, account: NewAccount): Promise<AccountsTable | undefined> {
  const update = sqlBuilder
    .updateTable('accounts')
    .set({
      scopes: sql`coalesce(${account.scopes ?? null}::text[], scopes)`,
      zone: sql`coalesce(${account.zone ?? null}::text, zone)`,
    })
    .where('environment_id', '=', account.environmentId)
    .where('provider', '=', account.provider)
    .where('provider_user_id', '=', account.providerUserId)
    .where('transport', '=', account.transport);
  const row = await firstOf(tx.client, update.returningAll());
  return row && saveLabel(tx, row, account.label);
}

async function saveLabel(tx: TransactionScope, row: AccountsTable, label: string | undefined): Promise<AccountsTable> {
  if (label === undefined) return row;
  const owner = accountOwner(row.environment_id, row.id);
  const sealed = await tx.vault.seal(tx.client, owner, labelPlace(row.id), label);
  const update = sqlBuilder.updateTable('accounts').set({ label: sealed }).where('id', '=', row.id);
  await change(tx.client, update.where('environment_id', '=', row.environment_id));
  return { ...row, label: sealed };
}

async function deleteAccount(tx: TransactionScope, ref: AccountRef): Promise<void> {
  const connections = sqlBuilder
    .selectFrom('connections')
    .select('id')
    .where('environment_id', '=', ref.environmentId)
    .where('account_id', '=', ref.accountId);
  for (const { id } of await rowsOf(tx.client, connections)) await deleteConnection(tx, ref.environmentId, id);
  const account = sqlBuilder.deleteFrom('accounts').where('id', '=', ref.accountId);
  await change(tx.client, account.where('environment_id', '=', ref.environmentId));
  await tx.vault.forget(tx.client, ownerOf(ref));
}

function ownerOf(ref: AccountRef): KeyOwner {
  return accountOwner(ref.environmentId, ref.accountId);
}

function grantPlace(accountId: string): SealedPlace {
  return { table: 'accounts', row: accountId, field: 'granted' };
}
