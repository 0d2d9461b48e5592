import { randomBytes } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import type { KeyOwner, SealedPlace } from '../core/vault.ts';
import { open, seal } from '../lib/seal.ts';
import { type Queryable, run } from './database.ts';
import { createKeyCache } from './key-cache.ts';
import type { MasterKeys } from './master-key.ts';

/**
 * The data keys of environments, accounts and connections, each wrapped by a master key in `vault_keys`.
 *
 * Unwrapped keys are kept in this process for at most 60 s, so after a deletion by another process a sealed value that
 * somebody copied before can be opened here for that long and no longer; the rows themselves go with the key at once.
 */
export interface Vault {
  /** Makes the owner's key. */
  create(client: Queryable, owner: KeyOwner, now: Date): Promise<void>;
  /** Undefined: there is none, or it was deleted. */
  key(client: Queryable, owner: KeyOwner): Promise<Buffer | undefined>;
  /** Keys of many owners, by `ownerName`; at most one query. Owners without a key are left out. */
  keys(client: Queryable, owners: readonly KeyOwner[]): Promise<Map<string, Buffer>>;
  /**
   * Keys that cannot be deleted until the transaction of `client` ends: for adding rows that the deletion must find.
   * Never from the cache.
   */
  hold(client: Queryable, owners: readonly KeyOwner[]): Promise<Map<string, Buffer>>;
  /** Throws `not_found` when the owner has no key. */
  seal(client: Queryable, owner: KeyOwner, place: SealedPlace, plain: Uint8Array | string): Promise<Buffer>;
  /** Undefined when the key is gone. Throws when the value was made elsewhere or was changed. */
  open(client: Queryable, owner: KeyOwner, place: SealedPlace, sealed: Uint8Array): Promise<Buffer | undefined>;
  /** Deletes the key: what was sealed under it can never be opened again. Waits for those who hold it. */
  forget(client: Queryable, owner: KeyOwner): Promise<void>;
}

const INSERT = `
  insert into vault_keys (environment_id, scope, owner_id, wrapped, master_id, created_at)
  values ($1, $2, $3, $4, $5, $6)`;

const SELECT = `
  select k.environment_id, k.scope, k.owner_id, k.wrapped, k.master_id
  from unnest($1::uuid[], $2::text[], $3::uuid[]) as o (environment_id, scope, owner_id)
  join vault_keys k on k.environment_id = o.environment_id and k.scope = o.scope and k.owner_id = o.owner_id`;

/** In one order, so that two holders of several keys do not wait for each other. */
const HOLD = `${SELECT} order by k.environment_id, k.scope, k.owner_id for key share of k`;

const DELETE = 'delete from vault_keys where environment_id = $1 and scope = $2 and owner_id = $3';

interface WrappedKey {
  environment_id: string;
  scope: KeyOwner['scope'];
  owner_id: string;
  wrapped: Buffer;
  master_id: string;
}

export function createVault(masterKeys: MasterKeys, monotonicMs: () => number = () => performance.now()): Vault {
  const cache = createKeyCache(monotonicMs);

  async function fetch(client: Queryable, name: string, text: string, owners: readonly KeyOwner[]) {
    const values = [
      owners.map((owner) => owner.environmentId),
      owners.map((owner) => owner.scope),
      owners.map((owner) => owner.ownerId),
    ];
    const { rows } = await run<WrappedKey>(client, { name, text, values });
    const found = new Map<string, Buffer>();
    for (const row of rows) {
      const owner = { environmentId: row.environment_id, scope: row.scope, ownerId: row.owner_id };
      const key = unwrap(masterKeys, owner, row.wrapped, row.master_id);
      cache.put(ownerName(owner), key);
      found.set(ownerName(owner), key);
    }
    return found;
  }

  async function keys(client: Queryable, owners: readonly KeyOwner[]): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    const missing = new Map<string, KeyOwner>();
    for (const owner of owners) {
      const name = ownerName(owner);
      const cached = cache.get(name);
      if (cached) found.set(name, cached);
      else missing.set(name, owner);
    }
    if (missing.size === 0) return found;
    const fetched = await fetch(client, 'vault-keys', SELECT, [...missing.values()]);
    for (const [name, key] of fetched) found.set(name, key);
    return found;
  }

  const key = async (client: Queryable, owner: KeyOwner) => (await keys(client, [owner])).get(ownerName(owner));

  return {
    async create(client, owner, now) {
      const { current } = masterKeys; // once: a rotation may change it between two looks
      const wrapped = wrap(current, owner, randomBytes(32));
      const values = [owner.environmentId, owner.scope, owner.ownerId, wrapped, current.id, now];
      await run(client, { name: 'vault-create', text: INSERT, values });
    },
    key,
    keys,
    async hold(client, owners) {
      return owners.length === 0 ? new Map() : fetch(client, 'vault-hold', HOLD, owners);
    },
    async seal(client, owner, place, plain) {
      return sealAt(keyIn(await keys(client, [owner]), owner), place, plain);
    },
    async open(client, owner, place, sealed) {
      const found = await key(client, owner);
      return found && openAt(found, place, sealed);
    },
    async forget(client, owner) {
      await run(client, { text: DELETE, values: [owner.environmentId, owner.scope, owner.ownerId] });
      cache.ban(ownerName(owner));
    },
  };
}

export function ownerName(owner: KeyOwner): string {
  return `${owner.environmentId}/${owner.scope}/${owner.ownerId}`;
}

export function environmentOwner(environmentId: string): KeyOwner {
  return { environmentId, scope: 'environment', ownerId: environmentId };
}

export function accountOwner(environmentId: string, accountId: string): KeyOwner {
  return { environmentId, scope: 'account', ownerId: accountId };
}

export function connectionOwner(environmentId: string, connectionId: string): KeyOwner {
  return { environmentId, scope: 'connection', ownerId: connectionId };
}

/** The owner's key out of those that were fetched. Throws `not_found` when it has none. */
export function keyIn(keys: Map<string, Buffer>, owner: KeyOwner): Buffer {
  const key = keys.get(ownerName(owner));
  if (!key) throw new Problem('not_found', { detail: `the ${owner.scope} does not exist any more` });
  return key;
}

export function sealAt(key: Buffer, place: SealedPlace, plain: Uint8Array | string): Buffer {
  return seal(key, plain, placeText(place));
}

export function openAt(key: Buffer, place: SealedPlace, sealed: Uint8Array): Buffer {
  return open(key, sealed, placeText(place));
}

function placeText({ table, row, field }: SealedPlace): string {
  return `${table}/${row}/${field}`;
}

/** A data key sealed under a master key. */
export function wrap(master: MasterKeys['current'], owner: KeyOwner, dataKey: Buffer): Buffer {
  return sealAt(master.key, keyPlace(owner), dataKey);
}

/** Throws when the master key that wrapped it is not among ours. */
export function unwrap(masterKeys: MasterKeys, owner: KeyOwner, wrapped: Buffer, masterId: string): Buffer {
  const master = masterKeys.all.get(masterId);
  if (!master) {
    throw new Error(`a data key is wrapped by master key ${masterId}, which this process was not given`);
  }
  return openAt(master, keyPlace(owner), wrapped);
}

function keyPlace(owner: KeyOwner): SealedPlace {
  return { table: 'vault_keys', row: ownerName(owner), field: 'wrapped' };
}
