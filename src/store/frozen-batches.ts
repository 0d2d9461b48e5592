import type { LaneLease } from '../core/lanes.ts';
import type { FrozenBatch } from '../core/store.ts';
import type { SealedPlace } from '../core/vault.ts';
import { uuid4 } from '../lib/ids.ts';
import { plainArray, run } from './database.ts';
import { ADOPT, FREEZE, LEFT_BEHIND, THAW } from './delivery-statements.ts';
import type { Scope } from './scope.ts';
import { connectionOwner, openAt, ownerName, sealAt } from './vault.ts';

/*
 * Every first attempt of a data delivery is preceded by a durable note of the user that it is rendered with, so that
 * even a retry after a kill sends the same bytes. Nearly all first attempts succeed, and then the note is worth
 * nothing: it is written once for a batch, and only what fails gets a copy in its own row.
 */

/** Each user is sealed under its connection's key: deleting that erases it here as well. */
export async function freezeBatch({ client, vault }: Scope, lease: LaneLease, batch: FrozenBatch): Promise<string> {
  const id = uuid4();
  const ownerOf = (connectionId: string) => connectionOwner(batch.environmentId, connectionId);
  const connectionIds = [...batch.users.keys()];
  const keys = await vault.keys(client, connectionIds.map(ownerOf));
  const sealed = [...batch.users].flatMap(([connectionId, user]) => {
    const key = keys.get(ownerName(ownerOf(connectionId)));
    return key ? [{ connectionId, bytes: sealAt(key, userPlace(id, connectionId), user) }] : [];
  });
  const values = [
    lease.kind,
    lease.laneId,
    lease.token,
    batch.environmentId,
    id,
    plainArray(batch.deliveries.map((delivery) => delivery.id)),
    plainArray(sealed.map((one) => one.connectionId)),
    sealed.map((one) => one.bytes),
  ];
  await run(client, { name: 'delivery-freeze', text: FREEZE, values });
  return id;
}

/** Drops notes that are worth nothing any more. */
export async function thaw({ client }: Scope, lease: LaneLease, batches: string[]): Promise<void> {
  if (batches.length === 0) return;
  await run(client, { text: THAW, values: [lease.kind, lease.laneId, lease.token, batches] });
}

interface BatchRow {
  environment_id: string;
  id: string;
  delivery_ids: string[];
  connection_ids: string[];
  users: Buffer[];
}

/** Moves what an ended worker left behind to the deliveries it was for. For the beginning of a serving. */
export async function adoptBatches(scope: Scope, lease: LaneLease): Promise<void> {
  const left = await run<BatchRow>(scope.client, {
    name: 'delivery-left-behind',
    text: LEFT_BEHIND,
    values: [lease.laneId],
  });
  for (const row of left.rows) await adopt(scope, lease, row);
}

async function adopt({ client, vault }: Scope, lease: LaneLease, batch: BatchRow): Promise<void> {
  const ownerOf = (connectionId: string) => connectionOwner(batch.environment_id, connectionId);
  const keys = await vault.keys(client, batch.connection_ids.map(ownerOf));
  const users = new Map<string, { key: Buffer; user: Buffer }>();
  for (const [index, connectionId] of batch.connection_ids.entries()) {
    const key = keys.get(ownerName(ownerOf(connectionId)));
    const sealed = batch.users[index];
    const user = key && sealed && openIntact(key, userPlace(batch.id, connectionId), sealed);
    if (key && user) users.set(connectionId, { key, user });
  }
  const { rows } = await run<{ id: string; connection_id: string }>(client, {
    text: CONNECTIONS_OF,
    values: [batch.environment_id, batch.delivery_ids],
  });
  const frozen = rows.flatMap(({ id, connection_id }) => {
    const found = users.get(connection_id);
    return found ? [{ id, bytes: sealAt(found.key, frozenPlace(id), found.user) }] : [];
  });
  const values = [
    lease.kind,
    lease.laneId,
    lease.token,
    batch.environment_id,
    frozen.map((one) => one.id),
    frozen.map((one) => one.bytes),
    [batch.id],
  ];
  await run(client, { text: ADOPT, values });
}

const CONNECTIONS_OF = `
  select d.id, e.connection_id
  from unnest($2::uuid[]) as n (id)
  join deliveries d on d.environment_id = $1 and d.id = n.id
  join events e on e.environment_id = $1 and e.id = d.event_id
  where d.state = 'pending' and e.is_data`;

export function frozenPlace(deliveryId: string): SealedPlace {
  return { table: 'deliveries', row: deliveryId, field: 'frozen' };
}

function userPlace(batchId: string, connectionId: string): SealedPlace {
  return { table: 'frozen_batches', row: `${batchId}/${connectionId}`, field: 'users' };
}

/** One damaged or swapped row is lost like one without a key; it must not hold up the rest of its lane. */
export function openIntact(key: Buffer, place: SealedPlace, sealed: Buffer): Buffer | undefined {
  try {
    return openAt(key, place, sealed);
  } catch {
    return undefined;
  }
}
