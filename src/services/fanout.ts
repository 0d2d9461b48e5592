import type { Clock } from '../core/clock.ts';
import type { DestinationRow } from '../core/destination.ts';
import type { Event, EventType } from '../core/event.ts';
import type { Aggregates, NewDelivery } from '../core/store.ts';
import { uuid4, uuid5 } from '../lib/ids.ts';
import type { EnvironmentSettings } from '../schema/environment-settings.ts';

export interface Announcement {
  type: EventType;
  /** Data events are stored without `user`, which is added at delivery. */
  isData: boolean;
  connectionId: string | undefined;
  body: Record<string, unknown>;
  /** Default: a new uuid, so that receivers keyed on it see every unsolicited event. */
  reference?: string;
  orderingTimestamp?: number;
  /** Event whose delivery to the same destination comes first. */
  afterEventId?: string;
  chunk?: number;
}

/** Appends the event and one delivery for each destination that wants it, and wakes their lanes: one transaction with its cause. */
export async function announce(
  tx: Aggregates,
  clock: Clock,
  environmentId: string,
  announcement: Announcement,
): Promise<Event> {
  const now = clock.now();
  const { type, isData, connectionId, afterEventId, chunk } = announcement;
  const event = await tx.events.append(environmentId, {
    type,
    isData,
    connectionId,
    reference: announcement.reference ?? uuid4(),
    createdAt: now,
    orderingTimestamp: announcement.orderingTimestamp,
    body: JSON.stringify(announcement.body),
    ...(afterEventId === undefined ? {} : { afterEventId }),
    ...(chunk === undefined ? {} : { chunk }),
  });
  const destinations = await destinationsFor(tx, environmentId, event);
  if (destinations.length === 0) return event;
  const first = await predecessors(tx, environmentId, announcement);
  const deliveries = destinations.map((destination) =>
    newDelivery(event, destination, now, {
      traceId: traceIdOf(event, destination, chunk),
      afterId: first.get(destination.id),
    }),
  );
  await enqueue(tx, environmentId, deliveries, now);
  return event;
}

/** Whether the environment passes this event on at all: data types can be switched off, everything else goes out. */
export function passesTypeFilter(settings: EnvironmentSettings, event: { type: string; isData: boolean }): boolean {
  return !event.isData || settings.data_types === null || settings.data_types.includes(event.type);
}

export function admits(destination: DestinationRow, event: { type: string }): boolean {
  return destination.eventTypes === undefined || destination.eventTypes.includes(event.type);
}

/** A pending delivery of the event, due at once. */
export function newDelivery(
  event: Event,
  destination: DestinationRow,
  now: Date,
  { traceId, afterId }: { traceId: string; afterId: string | undefined },
): NewDelivery {
  return {
    eventId: event.id,
    destinationId: destination.id,
    laneId: laneOf(destination, event.connectionId),
    traceId,
    dueAt: now,
    createdAt: now,
    afterId,
  };
}

/** Inserts deliveries and wakes their lanes, rows before lanes. */
export async function enqueue(
  tx: Aggregates,
  environmentId: string,
  deliveries: NewDelivery[],
  now: Date,
): Promise<void> {
  await tx.deliveries.create(environmentId, deliveries);
  await tx.lanes.wake('deliver', environmentId, [...new Set(deliveries.map((delivery) => delivery.laneId))], now);
}

async function destinationsFor(tx: Aggregates, environmentId: string, event: Event): Promise<DestinationRow[]> {
  const wanting = (await tx.destinations.list(environmentId)).filter((row) => row.active && admits(row, event));
  if (wanting.length === 0 || !event.isData) return wanting;
  const environment = await tx.environments.byId(environmentId);
  return environment && passesTypeFilter(environment.settings, event) ? wanting : [];
}

/** A destination is one lane; where order matters, each connection has its own, so that one cannot hold up the others. */
function laneOf(destination: DestinationRow, connectionId: string | undefined): string {
  return destination.ordered ? uuid5(destination.id, connectionId ?? '') : destination.id;
}

/** Unique for each delivery; the chunks of one request share what stands before `:chunk:`, at each destination its own. */
function traceIdOf(event: Event, destination: DestinationRow, chunk: number | undefined): string {
  return chunk === undefined ? uuid4() : `${uuid5(destination.id, event.reference)}:chunk:${chunk}`;
}

/** The delivery that comes first, by destination: of the event named, else of the connection's newest auth event. */
async function predecessors(
  tx: Aggregates,
  environmentId: string,
  { isData, connectionId, afterEventId }: Announcement,
): Promise<Map<string, string>> {
  const eventId =
    afterEventId ?? (isData && connectionId ? await tx.events.latestAuth(environmentId, connectionId) : undefined);
  if (eventId === undefined) return new Map();
  const rows = await tx.deliveries.ofEvent(environmentId, eventId);
  const pending = rows.filter((row) => row.state === 'pending');
  return new Map(pending.map((row) => [row.destinationId, row.id]));
}
