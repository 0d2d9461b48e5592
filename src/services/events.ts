import type { Clock } from '../core/clock.ts';
import type { DeliveryRow, DeliveryState } from '../core/delivery.ts';
import type { DestinationRow } from '../core/destination.ts';
import type { Environment } from '../core/environment.ts';
import type { Event } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import type { DeliveryFilter, EventFilter, Store } from '../core/store.ts';
import { isUuid, uuid4 } from '../lib/ids.ts';
import { admits, enqueue, newDelivery } from './fanout.ts';
import type { EventRow, EventService } from './services.ts';

export interface EventServicePorts {
  store: Store;
  clock: Clock;
}

type TriedDelivery = EventRow['deliveries'][number];

const PAGE = 50;
const LARGEST_PAGE = 200;

export function createEventService({ store, clock }: EventServicePorts): EventService {
  return {
    async list(environment, { before, after, limit, type, userId }) {
      const connection = userId === undefined ? undefined : await connectionOf(store, environment, userId);
      if (userId !== undefined && !connection) return [];
      const filter: EventFilter = { limit: pageSize(limit) };
      if (before !== undefined) filter.before = before;
      if (after !== undefined) filter.after = after;
      if (type !== undefined) filter.type = type;
      if (connection) filter.connectionId = connection.id;
      return withDeliveries(store, environment.id, await store.events.list(environment.id, filter));
    },

    async body(environment, id) {
      const body = isUuid(id) ? await store.events.body(environment.id, id) : undefined;
      if (body === undefined) throw unknown('event');
      return body;
    },

    async resend(environment, id, destinationId) {
      const event = isUuid(id) ? await store.events.byId(environment.id, id) : undefined;
      // Without its body there is nothing to send: the person was erased.
      if (!event || (await store.events.body(environment.id, id)) === undefined) throw unknown('event');
      const destinations = await chosen(store, environment, event, destinationId);
      const now = clock.now();
      const deliveries = destinations.map((destination) =>
        newDelivery(event, destination, now, { traceId: uuid4(), afterId: undefined }),
      );
      if (deliveries.length > 0) {
        await store.transaction((tx) => enqueue(tx, environment.id, deliveries, now));
      }
      return deliveries.length;
    },

    async deliveries(environment, { before, limit, state, destinationId }) {
      const filter: DeliveryFilter = { limit: pageSize(limit) };
      if (before !== undefined) filter.before = before;
      if (state !== undefined) filter.state = stateOf(state);
      if (destinationId !== undefined) filter.destinationId = destinationId;
      return withTries(store, environment.id, await store.deliveries.list(environment.id, filter));
    },
  };
}

function connectionOf(store: Store, environment: Environment, userId: string) {
  return isUuid(userId) ? store.connections.byUserId(environment.id, userId) : undefined;
}

function unknown(what: string): Problem {
  return new Problem('not_found', { detail: `there is no such ${what}` });
}

function pageSize(limit = PAGE): number {
  if (Number.isNaN(limit)) throw new Problem('bad_request', { field: 'limit', detail: 'limit must be a number' });
  return Math.max(1, Math.min(Math.trunc(limit), LARGEST_PAGE));
}

const STATES: readonly DeliveryState[] = ['pending', 'delivered', 'dead', 'cancelled'];

function stateOf(text: string): DeliveryState {
  const state = STATES.find((known) => known === text);
  if (!state) throw new Problem('bad_request', { field: 'state', detail: `state must be one of ${STATES.join(', ')}` });
  return state;
}

/** The one that was asked for, whatever its filter; else all that are on and want this type. */
async function chosen(
  store: Store,
  environment: Environment,
  event: Event,
  destinationId: string | undefined,
): Promise<DestinationRow[]> {
  if (destinationId === undefined) {
    const rows = await store.destinations.list(environment.id);
    return rows.filter((row) => row.active && admits(row, event));
  }
  const row = isUuid(destinationId) ? await store.destinations.byId(environment.id, destinationId) : undefined;
  if (!row) throw unknown('destination');
  return [row];
}

async function withDeliveries(store: Store, environmentId: string, events: Event[]): Promise<EventRow[]> {
  const rows = await Promise.all(events.map((event) => store.deliveries.ofEvent(environmentId, event.id)));
  const tried = await withTries(store, environmentId, rows.flat());
  const byEvent = new Map<string, TriedDelivery[]>();
  for (const delivery of tried) {
    const known = byEvent.get(delivery.eventId);
    if (known) known.push(delivery);
    else byEvent.set(delivery.eventId, [delivery]);
  }
  return events.map((event) => ({ ...event, deliveries: byEvent.get(event.id) ?? [] }));
}

async function withTries(store: Store, environmentId: string, deliveries: DeliveryRow[]): Promise<TriedDelivery[]> {
  const ids = deliveries.map((delivery) => delivery.id);
  const attempts = ids.length === 0 ? [] : await store.deliveries.attempts(environmentId, ids);
  return deliveries.map((delivery) => ({
    ...delivery,
    tries: attempts.filter((attempt) => attempt.deliveryId === delivery.id),
  }));
}
