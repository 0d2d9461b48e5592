import { sql } from 'kysely';
import type { Event, NewEvent } from '../core/event.ts';
import type { EventStore } from '../core/store.ts';
import type { KeyOwner, SealedPlace } from '../core/vault.ts';
import { isUuid } from '../lib/ids.ts';
import { firstOf, rowsOf, run, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';
import type { EventsTable } from './tables.ts';
import { connectionOwner, environmentOwner, keyIn, sealAt } from './vault.ts';

const APPEND = `
  insert into events (environment_id, id, type, is_data, connection_id, reference, body, bytes, chunk, after_event_id,
    ordering_timestamp, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const COLUMNS = [
  'environment_id',
  'id',
  'type',
  'is_data',
  'connection_id',
  'reference',
  'bytes',
  'ordering_timestamp',
  'created_at',
] as const;

export function eventsOn(scope: Scope): EventStore {
  const { client, vault } = scope;
  const rows = (environmentId: string) =>
    sqlBuilder.selectFrom('events').select(COLUMNS).where('environment_id', '=', environmentId);

  async function append(on: Scope, key: Buffer, environmentId: string, event: NewEvent): Promise<Event> {
    const id = scope.orderedId(event.createdAt);
    const bytes = Buffer.byteLength(event.body);
    const values = [
      environmentId,
      id,
      event.type,
      event.isData,
      event.connectionId,
      event.reference,
      sealAt(key, bodyPlace(id), event.body),
      bytes,
      event.chunk,
      event.afterEventId,
      event.orderingTimestamp,
      event.createdAt,
    ];
    await run(on.client, { name: 'event-append', text: APPEND, values });
    const { type, isData, connectionId, reference, createdAt, orderingTimestamp } = event;
    return { environmentId, id, type, isData, connectionId, reference, createdAt, orderingTimestamp, bytes };
  }

  return {
    async append(environmentId, event) {
      const owner = eventOwner(environmentId, event.isData, event.connectionId);
      if (!event.isData) {
        return append(scope, keyIn(await vault.keys(client, [owner]), owner), environmentId, event);
      }
      return scope.atomic(async (tx) => append(tx, keyIn(await tx.hold([owner]), owner), environmentId, event));
    },

    async byId(environmentId, id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, rows(environmentId).where('id', '=', id));
      return row && toEvent(row);
    },

    async body(environmentId, id) {
      if (!isUuid(id)) return undefined;
      const row = await firstOf(client, rows(environmentId).select('body').where('id', '=', id));
      if (!row) return undefined;
      const owner = eventOwner(environmentId, row.is_data, row.connection_id ?? undefined);
      return (await vault.open(client, owner, bodyPlace(id), row.body))?.toString();
    },

    async list(environmentId, { before, after, limit, type, connectionId }) {
      if (![before, after, connectionId].every((id) => id === undefined || isUuid(id))) return [];
      let query = rows(environmentId)
        .orderBy('id', after === undefined ? 'desc' : 'asc')
        .limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      if (after !== undefined) query = query.where('id', '>', after);
      if (type !== undefined) query = query.where('type', '=', type as Event['type']);
      if (connectionId !== undefined) query = query.where('connection_id', '=', connectionId);
      return (await rowsOf(client, query)).map(toEvent);
    },

    async latestAuth(environmentId, connectionId) {
      const query = sqlBuilder
        .selectFrom('events as e')
        .select('e.id')
        .where('e.environment_id', '=', environmentId)
        .where('e.connection_id', '=', connectionId)
        .where('e.is_data', '=', false)
        .where('e.type', 'in', ['user_reauth', 'auth'])
        .where(
          sql<boolean>`exists (select from deliveries d
            where d.environment_id = e.environment_id and d.event_id = e.id and d.state = 'pending')`,
        )
        .orderBy('e.id', 'desc')
        .limit(1);
      return (await firstOf(client, query))?.id;
    },
  };
}

/** Whose key an event's body is under. */
export function eventOwner(environmentId: string, isData: boolean, connectionId: string | undefined): KeyOwner {
  if (!isData) return environmentOwner(environmentId);
  if (connectionId === undefined) throw new TypeError('a data event belongs to a connection');
  return connectionOwner(environmentId, connectionId);
}

export function bodyPlace(eventId: string): SealedPlace {
  return { table: 'events', row: eventId, field: 'body' };
}

function toEvent(row: Pick<EventsTable, (typeof COLUMNS)[number]>): Event {
  return {
    environmentId: row.environment_id,
    id: row.id,
    type: row.type,
    isData: row.is_data,
    connectionId: row.connection_id ?? undefined,
    reference: row.reference,
    createdAt: row.created_at,
    orderingTimestamp: row.ordering_timestamp === null ? undefined : Number(row.ordering_timestamp),
    bytes: row.bytes,
  };
}
