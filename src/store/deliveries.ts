import { sql } from 'kysely';
import type { AttemptRow, DeliveryRow } from '../core/delivery.ts';
import type { LaneLease } from '../core/lanes.ts';
import type { DeliveryResult, DeliveryStore, NewDelivery } from '../core/store.ts';
import type { SealedPlace } from '../core/vault.ts';
import { isUuid } from '../lib/ids.ts';
import { instantArray, plainArray, rowsOf, run, sqlBuilder } from './database.ts';
import { CANCEL_OF_CONNECTION, COMPLETE, CREATE } from './delivery-statements.ts';
import { dueDeliveries } from './due-deliveries.ts';
import { freezeBatch, frozenPlace, thaw } from './frozen-batches.ts';
import type { Scope } from './scope.ts';
import type { DeliveriesTable } from './tables.ts';
import { connectionOwner, environmentOwner, keyIn, openAt, ownerName, sealAt } from './vault.ts';

const COLUMNS = [
  'environment_id',
  'id',
  'event_id',
  'destination_id',
  'trace_id',
  'state',
  'attempts',
  'due_at',
  'created_at',
  'delivered_at',
  'last_reason',
] as const;

export function deliveriesOn(scope: Scope): DeliveryStore {
  const { client, vault } = scope;
  const rows = (environmentId: string) =>
    sqlBuilder.selectFrom('deliveries').select(COLUMNS).where('environment_id', '=', environmentId);

  return {
    create: (environmentId, deliveries) => createDeliveries(scope, environmentId, deliveries),

    async ofEvent(environmentId, eventId) {
      if (!isUuid(eventId)) return [];
      const query = rows(environmentId).where('event_id', '=', eventId).orderBy('id');
      return (await rowsOf(client, query)).map(toDelivery);
    },

    due: (lease, now, limit, inFlight, ordered) => dueDeliveries(scope, lease, now, limit, inFlight, ordered),

    freeze: (lease, batch) => freezeBatch(scope, lease, batch),

    thaw: (lease, batches) => thaw(scope, lease, batches),

    complete: (lease, results, batches = []) => complete(scope, lease, results, batches),

    async waitingLanes(environmentId, destinationId) {
      const query = sqlBuilder
        .selectFrom('deliveries')
        .select('lane_id')
        .distinct()
        .where('environment_id', '=', environmentId)
        .where('destination_id', '=', destinationId)
        .where('state', '=', 'pending');
      return (await rowsOf(client, query)).map((row) => row.lane_id);
    },

    async cancelOfConnection(environmentId, connectionId) {
      const { rowCount } = await run(client, { text: CANCEL_OF_CONNECTION, values: [environmentId, connectionId] });
      return rowCount ?? 0;
    },

    async list(environmentId, { before, limit, state, destinationId, eventId }) {
      if (![before, destinationId, eventId].every((id) => id === undefined || isUuid(id))) return [];
      let query = rows(environmentId).orderBy('id', 'desc').limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      if (state !== undefined) query = query.where('state', '=', state);
      if (destinationId !== undefined) query = query.where('destination_id', '=', destinationId);
      if (eventId !== undefined) query = query.where('event_id', '=', eventId);
      return (await rowsOf(client, query)).map(toDelivery);
    },

    async attempts(environmentId, deliveryIds) {
      const query = sqlBuilder
        .selectFrom('attempts')
        .selectAll()
        .where('environment_id', '=', environmentId)
        .where(sql<boolean>`delivery_id = any(${deliveryIds}::uuid[])`)
        .orderBy('delivery_id')
        .orderBy('number');
      const found = await rowsOf(client, query);
      if (found.length === 0) return [];
      const owner = environmentOwner(environmentId);
      const key = keyIn(await vault.keys(client, [owner]), owner);
      return found.map((row): AttemptRow => {
        const sealed = row.response_text;
        const place = responsePlace(row.delivery_id, row.at);
        return {
          deliveryId: row.delivery_id,
          number: row.number,
          at: row.at,
          outcome: row.outcome,
          status: row.status ?? undefined,
          reason: row.reason ?? undefined,
          responseText: sealed ? openAt(key, place, sealed).toString() : undefined,
          durationMs: row.duration_ms,
        };
      });
    },
  };
}

async function createDeliveries(scope: Scope, environmentId: string, deliveries: NewDelivery[]): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const ids = deliveries.map((delivery) => scope.orderedId(delivery.createdAt));
  const values = [
    environmentId,
    ids,
    deliveries.map((delivery) => delivery.eventId),
    deliveries.map((delivery) => delivery.destinationId),
    deliveries.map((delivery) => delivery.laneId),
    deliveries.map((delivery) => delivery.traceId),
    deliveries.map((delivery) => delivery.afterId ?? null),
    deliveries.map((delivery) => delivery.dueAt),
    deliveries.map((delivery) => delivery.createdAt),
  ];
  const { rows } = await run<{ id: string }>(scope.client, { name: 'delivery-create', text: CREATE, values });
  const made = new Set(rows.map((row) => row.id));
  return ids.filter((id) => made.has(id));
}

async function complete(
  { client, vault }: Scope,
  lease: LaneLease,
  results: DeliveryResult[],
  batches: string[],
): Promise<void> {
  const [first] = results;
  if (!first) return;
  const owner = environmentOwner(first.environmentId);
  const ownerOf = (connectionId: string) => connectionOwner(first.environmentId, connectionId);
  const again = results.flatMap(({ connectionId, frozen }) => (connectionId && frozen ? [ownerOf(connectionId)] : []));
  const keys = await vault.keys(client, [owner, ...again]);
  const key = keyIn(keys, owner);
  const values = [
    lease.kind,
    lease.laneId,
    lease.token,
    first.environmentId,
    plainArray(results.map((result) => result.id)),
    instantArray(results.map((result) => result.at)),
    plainArray(results.map((result) => result.state)),
    instantArray(results.map((result) => result.dueAt)),
    plainArray(results.map((result) => result.outcome)),
    plainArray(results.map((result) => result.status ?? null)),
    results.map((result) => result.reason ?? null),
    results.map(({ id, at, responseText }) =>
      responseText === undefined ? null : sealAt(key, responsePlace(id, at), responseText),
    ),
    plainArray(results.map((result) => Math.round(result.durationMs))),
    results.map(({ id, connectionId, frozen }) => {
      const own = connectionId && frozen ? keys.get(ownerName(ownerOf(connectionId))) : undefined;
      return own && frozen ? sealAt(own, frozenPlace(id), frozen) : null;
    }),
    plainArray(batches),
  ];
  await run(client, { name: 'delivery-complete', text: COMPLETE, values });
}

/** By the time of the attempt: its number is given by the database. */
function responsePlace(deliveryId: string, at: Date): SealedPlace {
  return { table: 'attempts', row: `${deliveryId}/${at.getTime()}`, field: 'response_text' };
}

function toDelivery(row: Pick<DeliveriesTable, (typeof COLUMNS)[number]>): DeliveryRow {
  return {
    environmentId: row.environment_id,
    id: row.id,
    eventId: row.event_id,
    destinationId: row.destination_id,
    traceId: row.trace_id,
    state: row.state,
    attempts: row.attempts,
    dueAt: row.due_at,
    createdAt: row.created_at,
    deliveredAt: row.delivered_at ?? undefined,
    lastReason: row.last_reason ?? undefined,
  };
}
