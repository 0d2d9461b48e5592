import type { NewRaw, RawRecord, RawVersion } from '../core/raw.ts';
import type { RawStore } from '../core/store.ts';
import type { SealedPlace } from '../core/vault.ts';
import { hmac } from '../lib/hash.ts';
import { deriveKey } from '../lib/seal.ts';
import { run } from './database.ts';
import { isAtLeast, isAtLeastSql } from './raw-version.ts';
import type { Scope, TransactionScope } from './scope.ts';
import type { RawRecordsTable } from './tables.ts';
import { connectionOwner, openAt, ownerName, sealAt } from './vault.ts';

/** The records to put, in one order, so that two puts of the same records do not wait for each other. */
const INCOMING = `
  unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[],
    $11::timestamptz[]) as n (id, connection_id, resource, identity, day, version, encoding, body, hash, received_at)`;

/** The same content under a newer version: from now on, copies between the two are old. */
const CONFIRM = `
  update raw_records r set version = n.version from ${INCOMING}
  where r.environment_id = $1 and r.connection_id = n.connection_id and r.resource = n.resource
    and r.identity = n.identity and r.day = n.day and r.hash = n.hash and not r.deleted
    and r.version <> n.version and ${isAtLeastSql('n.version', 'r.version')}`;

/** A change always has its own time of receipt, which with the version names the content (`RawVersion`). */
const PUT = `
  insert into raw_records as r (environment_id, connection_id, id, resource, identity, day, version, encoding, body,
    hash, deleted, state, due_at, attempts, reason, received_at)
  select $1, n.connection_id, n.id, n.resource, n.identity, n.day, n.version, n.encoding, n.body, n.hash, false,
    'waiting', n.received_at, 0, null, n.received_at
  from ${INCOMING}
  order by n.connection_id, n.resource, n.identity, n.day
  on conflict (connection_id, resource, identity, day) do update set
    version = excluded.version, encoding = excluded.encoding, body = excluded.body, hash = excluded.hash,
    deleted = false, state = 'waiting', due_at = excluded.due_at, attempts = 0, reason = null,
    received_at = greatest(excluded.received_at, r.received_at + interval '1 millisecond')
  where (r.hash <> excluded.hash or r.deleted) and ${isAtLeastSql('excluded.version', 'r.version')}
  returning r.id`;

const WAITING = `
  select environment_id, connection_id, id, resource, identity, day, version, encoding, body, deleted, received_at
  from raw_records
  where connection_id = $1 and state = 'waiting' and due_at <= $2
  order by due_at, id
  limit $3`;

/** Rows that are still as they were read. */
const UNCHANGED = `
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) as n (connection_id, id, version, received_at)
  where r.environment_id = $1 and r.connection_id = n.connection_id and r.id = n.id and r.version = n.version
    and r.received_at = n.received_at`;

const DONE = `update raw_records r set state = 'done', reason = null ${UNCHANGED}`;
const SET_ASIDE = `update raw_records r set state = 'aside', reason = $6 ${UNCHANGED}`;
const PARK = `update raw_records r set due_at = $6, reason = $7, attempts = r.attempts + 1 ${UNCHANGED}`;

export function rawOn(scope: Scope): RawStore {
  const { client, vault } = scope;
  return {
    async put(environmentId, records) {
      if (records.length === 0) return [];
      return scope.atomic((tx) => putRecords(tx, environmentId, newestOfEach(records)));
    },

    async waiting(lease, now, limit) {
      const query = { name: 'raw-waiting', text: WAITING, values: [lease.laneId, now, limit] };
      const { rows } = await run<RawRecordsTable>(client, query);
      const [first] = rows;
      if (!first) return [];
      const key = await vault.key(client, connectionOwner(first.environment_id, lease.laneId));
      return key ? rows.map((row) => toRecord(row, key)) : []; // without a key: being deleted
    },

    async done(environmentId, records) {
      if (records.length === 0) return;
      await run(client, { name: 'raw-done', text: DONE, values: [environmentId, ...named(records)] });
    },

    async setAside(environmentId, record, reason) {
      await run(client, { text: SET_ASIDE, values: [environmentId, ...named([record]), reason] });
    },

    async park(environmentId, record, dueAt, reason) {
      await run(client, { text: PARK, values: [environmentId, ...named([record]), dueAt, reason] });
    },
  };
}

/** Records of connections that do not exist (any more) are dropped: nobody could ever read them. */
async function putRecords(tx: TransactionScope, environmentId: string, records: NewRaw[]): Promise<string[]> {
  const connectionIds = [...new Set(records.map((record) => record.connectionId))];
  const owners = new Map(connectionIds.map((id) => [id, ownerName(connectionOwner(environmentId, id))]));
  const held = await tx.hold(connectionIds.map((id) => connectionOwner(environmentId, id)));
  const hashKeys = new Map<Buffer, Buffer>();
  const rows = records.flatMap((record) => {
    const key = held.get(owners.get(record.connectionId) ?? '');
    if (!key) return [];
    const hashKey = hashKeys.get(key) ?? deriveKey(key, 'content');
    hashKeys.set(key, hashKey);
    return [{ record, body: sealAt(key, bodyPlace(record), record.body), hash: contentHash(hashKey, record) }];
  });
  if (rows.length === 0) return [];
  const values = [
    environmentId,
    rows.map(({ record }) => tx.orderedId(record.receivedAt)),
    rows.map(({ record }) => record.connectionId),
    rows.map(({ record }) => record.resource),
    rows.map(({ record }) => record.identity),
    rows.map(({ record }) => record.day),
    rows.map(({ record }) => record.version),
    rows.map(({ record }) => record.encoding),
    rows.map(({ body }) => body),
    rows.map(({ hash }) => hash),
    rows.map(({ record }) => record.receivedAt),
  ];
  await run(tx.client, { name: 'raw-confirm', text: CONFIRM, values });
  const put = await run<{ id: string }>(tx.client, { name: 'raw-put', text: PUT, values });
  return put.rows.map((row) => row.id);
}

/** One copy of each record; of equal versions the later in the list. */
function newestOfEach(records: NewRaw[]): NewRaw[] {
  const newest = new Map<string, NewRaw>();
  for (const record of records) {
    const name = JSON.stringify([record.connectionId, record.resource, record.identity, record.day]);
    const known = newest.get(name);
    if (!known || isAtLeast(record.version, known.version)) newest.set(name, record);
  }
  return [...newest.values()];
}

function contentHash(hashKey: Buffer, record: NewRaw): Buffer {
  return hmac('sha256', hashKey, Buffer.concat([Buffer.from(`${record.encoding}/`), record.body]));
}

function named(records: RawVersion[]): unknown[] {
  return [
    records.map((record) => record.connectionId),
    records.map((record) => record.id),
    records.map((record) => record.version),
    records.map((record) => record.receivedAt),
  ];
}

function bodyPlace(record: Pick<NewRaw, 'resource' | 'identity' | 'day'>): SealedPlace {
  const row = JSON.stringify([record.resource, record.identity, record.day]);
  return { table: 'raw_records', row, field: 'body' };
}

function toRecord(row: RawRecordsTable, key: Buffer): RawRecord {
  return {
    environmentId: row.environment_id,
    connectionId: row.connection_id,
    id: row.id,
    resource: row.resource,
    identity: row.identity,
    day: row.day,
    version: row.version,
    body: openAt(key, bodyPlace(row), row.body),
    encoding: row.encoding,
    receivedAt: row.received_at,
    deleted: row.deleted,
  };
}
