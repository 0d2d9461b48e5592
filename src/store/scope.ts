import type pg from 'pg';
import type { KeyOwner } from '../core/vault.ts';
import { inTransaction, type Queryable } from './database.ts';
import { ownerName, type Vault } from './vault.ts';

/** What an aggregate works with: a connection, the vault, and whether it already is inside a transaction. */
export interface Scope {
  client: Queryable;
  vault: Vault;
  /** Ids that sort in the order they are made. */
  orderedId(at: Date): string;
  /** Runs several statements as one: in the transaction at hand, or in one of their own. */
  atomic<T>(work: (scope: TransactionScope) => Promise<T>): Promise<T>;
}

export interface TransactionScope extends Scope {
  client: pg.PoolClient;
  /** Keys that stay until this transaction ends (see `Vault.hold`), fetched once. */
  hold(owners: readonly KeyOwner[]): Promise<Map<string, Buffer>>;
}

interface Shared {
  vault: Vault;
  orderedId: (at: Date) => string;
}

export function poolScope(pool: pg.Pool, shared: Shared): Scope {
  return {
    ...shared,
    client: pool,
    atomic: (work) => inTransaction(pool, (client) => work(transactionScope(client, shared))),
  };
}

export function transactionScope(client: pg.PoolClient, shared: Shared): TransactionScope {
  const held = new Map<string, Buffer>();
  const scope: TransactionScope = {
    ...shared,
    client,
    atomic: (work) => work(scope),
    async hold(owners) {
      const missing = owners.filter((owner) => !held.has(ownerName(owner)));
      for (const [name, key] of await shared.vault.hold(client, missing)) held.set(name, key);
      return held;
    },
  };
  return scope;
}
