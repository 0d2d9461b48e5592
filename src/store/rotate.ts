import type pg from 'pg';
import type { KeyOwner } from '../core/vault.ts';
import { inTransaction, run } from './database.ts';
import type { MasterKeys } from './master-key.ts';
import { unwrap, wrap } from './vault.ts';

/** `no key update`: those who hold a key to add rows go on meanwhile. */
const BATCH = `
  select environment_id, scope, owner_id, wrapped, master_id from vault_keys
  where master_id = any($1::text[])
  order by environment_id, scope, owner_id
  limit $2
  for no key update`;

const REWRAP = `
  update vault_keys k set wrapped = n.wrapped, master_id = $1
  from unnest($2::uuid[], $3::text[], $4::uuid[], $5::bytea[]) as n (environment_id, scope, owner_id, wrapped)
  where k.environment_id = n.environment_id and k.scope = n.scope and k.owner_id = n.owner_id`;

interface WrappedKey {
  environment_id: string;
  scope: KeyOwner['scope'];
  owner_id: string;
  wrapped: Buffer;
  master_id: string;
}

/**
 * Wraps every data key with the current master key; answers how many were re-wrapped. Sealed values stay as they are.
 * Works in batches, each a transaction: it may be ended and begun again at any time, and servers go on while they know
 * both keys. A server that still wraps new keys with the earlier one must be restarted first, or this run once more.
 * Throws when keys remain that none of the given master keys opens.
 */
export async function rotate(pool: pg.Pool, masterKeys: MasterKeys, batch = 500): Promise<number> {
  const { current } = masterKeys; // once: the keys may be re-read from a file that changes
  const all = new Map(masterKeys.all);
  const earlier = [...all.keys()].filter((id) => id !== current.id);
  let total = 0;
  for (;;) {
    const count = await inTransaction(pool, (client) => rewrapBatch(client, { current, all }, earlier, batch));
    total += count;
    if (count === 0) break;
  }
  const { rows } = await run<{ master_id: string }>(pool, {
    text: 'select distinct master_id from vault_keys where master_id <> all($1::text[])',
    values: [[...all.keys()]],
  });
  if (rows.length > 0) {
    const names = rows.map((row) => row.master_id).join(', ');
    throw new Error(`data keys remain that are wrapped by master keys which were not given: ${names}`);
  }
  return total;
}

async function rewrapBatch(
  client: pg.PoolClient,
  masterKeys: MasterKeys,
  earlier: string[],
  batch: number,
): Promise<number> {
  const { rows } = await run<WrappedKey>(client, { text: BATCH, values: [earlier, batch] });
  if (rows.length === 0) return 0;
  const wrapped = rows.map((row) => {
    const owner = { environmentId: row.environment_id, scope: row.scope, ownerId: row.owner_id };
    return wrap(masterKeys.current, owner, unwrap(masterKeys, owner, row.wrapped, row.master_id));
  });
  await run(client, {
    text: REWRAP,
    values: [
      masterKeys.current.id,
      rows.map((row) => row.environment_id),
      rows.map((row) => row.scope),
      rows.map((row) => row.owner_id),
      wrapped,
    ],
  });
  return rows.length;
}
