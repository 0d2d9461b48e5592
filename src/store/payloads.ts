import { sql } from 'kysely';
import type { NewPayload, StoredPayload } from '../core/payload.ts';
import type { PayloadStore } from '../core/store.ts';
import type { SealedPlace } from '../core/vault.ts';
import { hmac } from '../lib/hash.ts';
import { deriveKey } from '../lib/seal.ts';
import { rowsOf, run, sqlBuilder } from './database.ts';
import type { Scope, TransactionScope } from './scope.ts';
import { connectionOwner, keyIn, openAt, sealAt } from './vault.ts';

const HASH = 'select hash from payloads where environment_id = $1 and connection_id = $2 and type = $3 and key = $4';

const UPSERT = `
  insert into payloads (environment_id, connection_id, type, key, id, day, start_at, end_at, summary, samples, hash,
    updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (connection_id, type, key) do update set
    day = excluded.day, start_at = excluded.start_at, end_at = excluded.end_at, summary = excluded.summary,
    samples = excluded.samples, hash = excluded.hash, updated_at = excluded.updated_at`;

const DROP_SOURCES = `
  delete from payload_sources where connection_id = $1 and type = $2 and key = $3 and raw_id <> all($4::uuid[])`;

const ADD_SOURCES = `
  insert into payload_sources (connection_id, type, key, raw_id)
  select $1, $2, $3, raw_id from unnest($4::uuid[]) as raw_id
  on conflict do nothing`;

export function payloadsOn(scope: Scope): PayloadStore {
  const { client, vault } = scope;
  return {
    async unchanged(environmentId, payload) {
      const values = [environmentId, payload.connectionId, payload.type, payload.key];
      const { rows } = await run<{ hash: Buffer }>(client, { name: 'payload-hash', text: HASH, values });
      const key = rows[0] && (await vault.key(client, connectionOwner(environmentId, payload.connectionId)));
      return key !== undefined && rows[0]?.hash.equals(contentHash(key, payload)) === true;
    },

    upsert: (environmentId, payload) => scope.atomic((tx) => upsertPayload(tx, environmentId, payload)),

    async list(environmentId, { connectionId, type, days, instants, withSamples }) {
      let query = sqlBuilder
        .selectFrom('payloads')
        .select(['key', 'day', 'summary'])
        .where('environment_id', '=', environmentId)
        .where('connection_id', '=', connectionId)
        .where('type', '=', type)
        .orderBy('day')
        .orderBy('start_at')
        .orderBy('key');
      if (days) query = query.where('day', '>=', days.from);
      if (days?.to !== undefined) query = query.where('day', '<', days.to);
      if (instants) query = query.where('start_at', '>=', instants.from).where('start_at', '<', instants.to);
      const found: ListedPayload[] = await rowsOf(client, withSamples ? query.select('samples') : query);
      if (found.length === 0) return [];
      const key = await vault.key(client, connectionOwner(environmentId, connectionId));
      return key ? found.map((row) => toPayload(row, type, key)) : [];
    },

    async types(environmentId, connectionId) {
      const query = sqlBuilder
        .selectFrom('payloads')
        .select('type')
        .distinct()
        .where('environment_id', '=', environmentId)
        .where('connection_id', '=', connectionId)
        .orderBy(sql`1`);
      return (await rowsOf(client, query)).map((row) => row.type);
    },
  };
}

/** Throws `not_found` when the environment has no such connection (any more). */
async function upsertPayload(tx: TransactionScope, environmentId: string, payload: NewPayload): Promise<void> {
  const { connectionId, type, key: name } = payload;
  const owner = connectionOwner(environmentId, connectionId);
  const key = keyIn(await tx.hold([owner]), owner);
  const values = [
    environmentId,
    connectionId,
    type,
    name,
    tx.orderedId(payload.updatedAt),
    payload.day,
    payload.start,
    payload.end,
    sealAt(key, place(type, name, 'summary'), payload.summary),
    payload.samples === undefined ? null : sealAt(key, place(type, name, 'samples'), payload.samples),
    contentHash(key, payload),
    payload.updatedAt,
  ];
  await run(tx.client, { name: 'payload-upsert', text: UPSERT, values });
  const sources = [connectionId, type, name, payload.sources];
  await run(tx.client, { name: 'payload-drop-sources', text: DROP_SOURCES, values: sources });
  await run(tx.client, { name: 'payload-add-sources', text: ADD_SOURCES, values: sources });
}

function contentHash(key: Buffer, { type, key: name, summary, samples }: NewPayload): Buffer {
  return hmac('sha256', deriveKey(key, 'content'), JSON.stringify([type, name, summary, samples ?? null]));
}

function place(type: string, key: string, field: 'summary' | 'samples'): SealedPlace {
  return { table: 'payloads', row: JSON.stringify([type, key]), field };
}

interface ListedPayload {
  key: string;
  day: string;
  summary: Buffer;
  samples?: Buffer | null;
}

function toPayload(row: ListedPayload, type: string, key: Buffer): StoredPayload {
  return {
    key: row.key,
    day: row.day,
    summary: openAt(key, place(type, row.key, 'summary'), row.summary).toString(),
    samples: row.samples ? openAt(key, place(type, row.key, 'samples'), row.samples).toString() : undefined,
  };
}
