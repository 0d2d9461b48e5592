import { type LaneLease, PREDECESSOR_GRACE_MS } from '../core/lanes.ts';
import type { DueDelivery } from '../core/store.ts';
import type { KeyOwner } from '../core/vault.ts';
import { plainArray, run } from './database.ts';
import { DUE, DUE_HEAD } from './delivery-statements.ts';
import { bodyPlace, eventOwner } from './events.ts';
import { adoptBatches, frozenPlace, openIntact } from './frozen-batches.ts';
import type { Scope } from './scope.ts';
import type { DeliveriesTable, EventsTable } from './tables.ts';
import { ownerName } from './vault.ts';

type DueRow = Pick<
  DeliveriesTable,
  'environment_id' | 'id' | 'event_id' | 'destination_id' | 'trace_id' | 'attempts' | 'frozen'
> &
  Pick<EventsTable, 'type' | 'is_data' | 'connection_id' | 'reference' | 'ordering_timestamp' | 'body'>;

/**
 * Rows that may be sent now, with their bodies opened: three queries at most, however many rows. With nothing in flight a
 * serving begins, and what an earlier one left behind is taken up.
 */
export async function dueDeliveries(
  scope: Scope,
  lease: LaneLease,
  now: Date,
  limit: number,
  inFlight: string[],
  ordered: boolean,
): Promise<DueDelivery[]> {
  const { client, vault } = scope;
  if (inFlight.length === 0) await adoptBatches(scope, lease);
  const letPass = new Date(now.getTime() - PREDECESSOR_GRACE_MS);
  const query = ordered
    ? { name: 'delivery-due-head', text: DUE_HEAD, values: [lease.laneId, now, plainArray(inFlight)] }
    : { name: 'delivery-due', text: DUE, values: [lease.laneId, now, plainArray(inFlight), limit, letPass] };
  const { rows } = await run<DueRow>(client, query);
  const keys = await vault.keys(client, rows.map(ownerOf));
  return rows.map((row) => toDue(row, keys.get(ownerName(ownerOf(row)))));
}

function ownerOf(row: DueRow): KeyOwner {
  return eventOwner(row.environment_id, row.is_data, row.connection_id ?? undefined);
}

function toDue(row: DueRow, key: Buffer | undefined): DueDelivery {
  return {
    environmentId: row.environment_id,
    id: row.id,
    eventId: row.event_id,
    destinationId: row.destination_id,
    traceId: row.trace_id,
    attempts: row.attempts,
    type: row.type,
    isData: row.is_data,
    connectionId: row.connection_id ?? undefined,
    reference: row.reference,
    orderingTimestamp: row.ordering_timestamp === null ? undefined : Number(row.ordering_timestamp),
    body: key && openIntact(key, bodyPlace(row.event_id), row.body),
    frozen: key && row.frozen ? openIntact(key, frozenPlace(row.id), row.frozen)?.toString() : undefined,
  };
}
