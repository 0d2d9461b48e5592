import type { LaneLease } from '../../core/lanes.ts';
import type { DueDelivery, FrozenDelivery, Store } from '../../core/store.ts';
import type { EnvironmentSettings } from '../../schema/environment-settings.ts';
import { passesTypeFilter } from '../fanout.ts';
import { wireUser } from '../wire-user.ts';
import { renderBody } from './render.ts';

/** A delivery with the bytes that go out. */
export interface Prepared {
  row: DueDelivery;
  body: Buffer;
}

/** A delivery for which there is nothing to send, with the reason. */
export interface Unsendable {
  row: DueDelivery;
  reason: 'erased' | 'filtered';
}

/**
 * Renders deliveries. Data that was never tried gets its connection's user of this moment, which is frozen before
 * anything is sent, so that every retry sends the same bytes. Two statements for a batch, whatever its size.
 */
export async function prepare(
  store: Store,
  lease: LaneLease,
  settings: EnvironmentSettings,
  rows: DueDelivery[],
  now: Date,
): Promise<{ prepared: Prepared[]; unsendable: Unsendable[] }> {
  const fresh = rows.filter((row) => row.isData && row.frozen === undefined && passesTypeFilter(settings, row));
  const users = await usersOf(store, fresh);
  const prepared: Prepared[] = [];
  const unsendable: Unsendable[] = [];
  const toFreeze: FrozenDelivery[] = [];
  for (const row of rows) {
    const isFresh = row.isData && row.frozen === undefined;
    const user = isFresh ? users.get(row.connectionId ?? '') : row.frozen;
    if (isFresh && !passesTypeFilter(settings, row)) unsendable.push({ row, reason: 'filtered' });
    else if (row.body === undefined || (isFresh && user === undefined)) unsendable.push({ row, reason: 'erased' });
    else {
      if (isFresh && user !== undefined) toFreeze.push({ ...row, frozen: user });
      prepared.push({ row, body: renderBody(row.body, row.isData ? user : undefined) });
    }
  }
  if (toFreeze.length > 0) await store.deliveries.freeze(lease, toFreeze, now);
  return { prepared, unsendable };
}

/** The connections' users as JSON text, by connection. */
async function usersOf(store: Store, rows: DueDelivery[]): Promise<Map<string, string>> {
  const ids = new Set(rows.map((row) => row.connectionId).filter((id) => id !== undefined));
  const environmentId = rows[0]?.environmentId;
  if (ids.size === 0 || environmentId === undefined) return new Map();
  const connections = await store.connections.byIds(environmentId, [...ids]);
  return new Map(connections.map((connection) => [connection.id, JSON.stringify(wireUser(connection))]));
}
