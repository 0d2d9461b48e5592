import type { EventRow } from '../../src/api/first-steps/wire.ts';

/** Most events that the page keeps. */
const KEPT = 300;

/** Known and fresh events as one list, newest first; a fresh copy replaces the known one. */
export function mergeEvents(known: readonly EventRow[], fresh: readonly EventRow[]): EventRow[] {
  const byId = new Map([...known, ...fresh].map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, KEPT);
}

/** What became of an event, over all its deliveries. */
export type EventState = 'kept' | 'delivered' | 'pending' | 'retrying' | 'failed' | 'cancelled';

/** The state that a person should look at first. `kept`: there was no destination. */
export function eventState(event: EventRow): EventState {
  const { deliveries } = event;
  if (deliveries.length === 0) return 'kept';
  if (deliveries.some((delivery) => delivery.state === 'dead')) return 'failed';
  const open = deliveries.filter((delivery) => delivery.state === 'pending');
  if (open.some((delivery) => delivery.tries.length > 0)) return 'retrying';
  if (open.length > 0) return 'pending';
  return deliveries.every((delivery) => delivery.state === 'cancelled') ? 'cancelled' : 'delivered';
}

/** Whether something about the event may still change by itself. */
export function isOpen(event: EventRow): boolean {
  return event.deliveries.some((delivery) => delivery.state === 'pending');
}
