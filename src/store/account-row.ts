import type { Account } from '../core/account.ts';
import type { SealedPlace } from '../core/vault.ts';
import type { Queryable } from './database.ts';
import type { AccountsTable } from './tables.ts';
import { accountOwner, openAt, ownerName, type Vault } from './vault.ts';

/** Keys that the labels of these accounts are sealed under, by `ownerName`. */
export function labelKeys(
  client: Queryable,
  vault: Vault,
  rows: readonly Pick<AccountsTable, 'environment_id' | 'id' | 'label'>[],
): Promise<Map<string, Buffer>> {
  const labelled = rows.filter((row) => row.label !== null);
  return vault.keys(
    client,
    labelled.map((row) => accountOwner(row.environment_id, row.id)),
  );
}

type AccountRow = Omit<AccountsTable, 'granted' | 'refresh_due_at' | 'refresh_lease' | 'refresh_leased_until'>;

export function toAccount(row: AccountRow, keys: Map<string, Buffer>): Account {
  const key = keys.get(ownerName(accountOwner(row.environment_id, row.id)));
  return {
    environmentId: row.environment_id,
    id: row.id,
    provider: row.provider,
    providerUserId: row.provider_user_id,
    transport: row.transport,
    state: row.state,
    label: row.label && key ? openAt(key, labelPlace(row.id), row.label).toString() : undefined,
    scopes: row.scopes ?? undefined,
    zone: row.zone ?? undefined,
    memberId: row.member_id,
    expiresAt: row.expires_at ?? undefined,
    createdAt: row.created_at,
  };
}

export function labelPlace(accountId: string): SealedPlace {
  return { table: 'accounts', row: accountId, field: 'label' };
}
