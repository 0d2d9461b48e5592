import type { DestinationRow } from '../core/destination.ts';
import { Problem } from '../core/problem.ts';
import type { DestinationStore, NewDestination } from '../core/store.ts';
import { isUuid, uuid4 } from '../lib/ids.ts';
import { change, firstOf, rowsOf, sqlBuilder } from './database.ts';
import type { Scope, TransactionScope } from './scope.ts';
import type { DestinationsTable } from './tables.ts';
import { environmentOwner, keyIn, openAt } from './vault.ts';

const COLUMNS = [
  'environment_id',
  'id',
  'type',
  'display',
  'event_types',
  'ordered',
  'active',
  'own_secret',
  'timeout_ms',
  'concurrency',
  'max_attempts',
  'created_at',
] as const;

export function destinationsOn(scope: Scope): DestinationStore {
  const { client, vault } = scope;
  const rows = (environmentId: string) =>
    sqlBuilder.selectFrom('destinations').select(COLUMNS).where('environment_id', '=', environmentId);
  const update = (environmentId: string, id: string) =>
    sqlBuilder.updateTable('destinations').where('environment_id', '=', environmentId).where('id', '=', id);

  return {
    create: (destination) => scope.atomic((tx) => createDestination(tx, destination)),

    async list(environmentId) {
      const query = rows(environmentId).orderBy('created_at').orderBy('id');
      return (await rowsOf(client, query)).map(toDestination);
    },

    async byId(environmentId, id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, rows(environmentId).where('id', '=', id));
      return row && toDestination(row);
    },

    async update(environmentId, id, wanted) {
      if (!isUuid(id)) return undefined;
      const values = {
        ...('active' in wanted && { active: wanted.active }),
        ...('eventTypes' in wanted && { event_types: wanted.eventTypes ?? null }),
        ...('timeoutMs' in wanted && { timeout_ms: wanted.timeoutMs }),
        ...('concurrency' in wanted && { concurrency: wanted.concurrency }),
        ...('maxAttempts' in wanted && { max_attempts: wanted.maxAttempts }),
        ...(wanted.display && { display: JSON.stringify(wanted.display) }),
        ...(wanted.config && { config: await sealConfig(scope, environmentId, id, wanted.config) }),
      };
      const query = Object.keys(values).length === 0 ? rows(environmentId).where('id', '=', id) : undefined;
      const row = await firstOf(client, query ?? update(environmentId, id).set(values).returning(COLUMNS));
      return row && toDestination(row);
    },

    async remove(environmentId, id) {
      if (!isUuid(id)) return false;
      return scope.atomic(async (tx) => {
        const row = { environment_id: environmentId, id };
        const removal = sqlBuilder.deleteFrom('destinations').where((where) => where.and(row));
        const waiting = sqlBuilder
          .updateTable('deliveries')
          .set({ state: 'cancelled' })
          .where('environment_id', '=', environmentId)
          .where('destination_id', '=', id)
          .where('state', '=', 'pending');
        if ((await change(tx.client, removal)) === 0) return false;
        await change(tx.client, waiting);
        return true;
      });
    },

    async config(environmentId, id) {
      const query = sqlBuilder.selectFrom('destinations').select('config').where('environment_id', '=', environmentId);
      const row = isUuid(id) ? await firstOf(client, query.where('id', '=', id)) : undefined;
      const opened = row && (await vault.open(client, environmentOwner(environmentId), configPlace(id), row.config));
      if (!opened) throw new Problem('not_found', { detail: 'there is no such destination' });
      return JSON.parse(opened.toString());
    },

    async secrets(environmentId, id, now) {
      const query = sqlBuilder
        .selectFrom('destination_secrets')
        .select(['id', 'sealed'])
        .where('environment_id', '=', environmentId)
        .where('destination_id', '=', id)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
        .orderBy('id', 'desc');
      const found = await rowsOf(client, query);
      if (found.length === 0) return [];
      const owner = environmentOwner(environmentId);
      const key = keyIn(await vault.keys(client, [owner]), owner);
      return found.map((row) => openAt(key, secretPlace(id, row.id), row.sealed).toString());
    },

    async pause(environmentId, id, until) {
      await change(client, update(environmentId, id).set({ next_at: until ?? null }));
    },
  };
}

async function createDestination(tx: TransactionScope, destination: NewDestination): Promise<DestinationRow> {
  const { environmentId, secret, now } = destination;
  const id = uuid4();
  const values = {
    environment_id: environmentId,
    id,
    type: destination.type,
    config: await sealConfig(tx, environmentId, id, destination.config),
    display: JSON.stringify(destination.display),
    event_types: destination.eventTypes ?? null,
    ordered: destination.ordered,
    active: true,
    own_secret: secret !== undefined,
    timeout_ms: destination.timeoutMs,
    concurrency: destination.concurrency,
    max_attempts: destination.maxAttempts,
    created_at: now,
  };
  await change(tx.client, sqlBuilder.insertInto('destinations').values(values));
  if (secret !== undefined) {
    const secretId = tx.orderedId(now);
    const sealed = await tx.vault.seal(tx.client, environmentOwner(environmentId), secretPlace(id, secretId), secret);
    const row = { environment_id: environmentId, destination_id: id, id: secretId, sealed, created_at: now };
    await change(tx.client, sqlBuilder.insertInto('destination_secrets').values(row));
  }
  return toDestination({ ...values, display: destination.display });
}

function sealConfig(scope: Scope, environmentId: string, id: string, config: Record<string, unknown>): Promise<Buffer> {
  const owner = environmentOwner(environmentId);
  return scope.vault.seal(scope.client, owner, configPlace(id), JSON.stringify(config));
}

function configPlace(id: string) {
  return { table: 'destinations', row: id, field: 'config' };
}

function secretPlace(destinationId: string, id: string) {
  return { table: 'destination_secrets', row: `${destinationId}/${id}`, field: 'sealed' };
}

function toDestination(row: Pick<DestinationsTable, (typeof COLUMNS)[number]>): DestinationRow {
  return {
    environmentId: row.environment_id,
    id: row.id,
    type: row.type,
    display: row.display as Record<string, unknown>,
    active: row.active,
    ordered: row.ordered,
    eventTypes: row.event_types ?? undefined,
    ownSecret: row.own_secret,
    timeoutMs: row.timeout_ms,
    concurrency: row.concurrency,
    maxAttempts: row.max_attempts,
    createdAt: row.created_at,
  };
}
