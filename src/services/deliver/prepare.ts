import type { LaneLease } from '../../core/lanes.ts';
import type { DueDelivery, Store } from '../../core/store.ts';
import type { EnvironmentSettings } from '../../schema/environment-settings.ts';
import { passesTypeFilter } from '../fanout.ts';
import { renderBody } from './render.ts';
import type { Users } from './users.ts';

/** A delivery with the bytes that go out. */
export interface Prepared {
  row: DueDelivery;
  body: Buffer;
  /** Set for a first attempt of data: what it was rendered with, and with which others that was noted. */
  frozen?: { user: string; batch: FrozenTogether };
}

export interface PreparePorts {
  store: Store;
  lease: LaneLease;
  users: Users;
}

/** First attempts that were frozen together; when all are recorded, the note can go. */
export interface FrozenTogether {
  id: string;
  left: number;
}

/** A delivery for which there is nothing to send, with the reason. */
export interface Unsendable {
  row: DueDelivery;
  reason: 'erased' | 'filtered';
}

export interface Rendered {
  prepared: Prepared[];
  unsendable: Unsendable[];
  /** The first attempts among them. */
  batch: FrozenTogether | undefined;
}

/**
 * Renders deliveries. Data that was never tried gets its connection's user of this moment, which is frozen before
 * anything is sent, so that every retry sends the same bytes. Two statements for a batch, whatever its size.
 */
export async function prepare(
  { store, lease, users }: PreparePorts,
  settings: EnvironmentSettings,
  rows: DueDelivery[],
): Promise<Rendered> {
  const prepared: Prepared[] = [];
  const unsendable: Unsendable[] = [];
  const fresh: DueDelivery[] = [];
  for (const row of rows) {
    const isFresh = row.isData && row.frozen === undefined;
    if (row.body === undefined) unsendable.push({ row, reason: 'erased' });
    else if (!isFresh) prepared.push({ row, body: renderBody(row.body, row.frozen) });
    else if (passesTypeFilter(settings, row)) fresh.push(row);
    else unsendable.push({ row, reason: 'filtered' });
  }
  const first = await prepareFresh({ store, lease, users }, fresh);
  return {
    prepared: [...prepared, ...first.prepared],
    unsendable: [...unsendable, ...first.unsendable],
    batch: first.batch,
  };
}

async function prepareFresh({ store, lease, users: known }: PreparePorts, rows: DueDelivery[]): Promise<Rendered> {
  const connectionIds = rows.map((row) => row.connectionId).filter((id) => id !== undefined);
  const users = await known.of(connectionIds, performance.now());
  const batch: FrozenTogether = { id: '', left: 0 };
  const prepared: Prepared[] = [];
  const unsendable: Unsendable[] = [];
  const deliveries: { id: string; connectionId: string }[] = [];
  for (const row of rows) {
    const connectionId = row.connectionId ?? '';
    const user = users.get(connectionId);
    if (user === undefined || row.body === undefined) unsendable.push({ row, reason: 'erased' });
    else {
      deliveries.push({ id: row.id, connectionId });
      prepared.push({ row, body: renderBody(row.body, user), frozen: { user, batch } });
    }
  }
  const environmentId = rows[0]?.environmentId;
  if (deliveries.length === 0 || environmentId === undefined) return { prepared, unsendable, batch: undefined };
  batch.left = deliveries.length;
  batch.id = await store.deliveries.freeze(lease, { environmentId, deliveries, users });
  return { prepared, unsendable, batch };
}
