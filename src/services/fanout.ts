import type { Clock } from '../core/clock.ts';
import type { Event, EventType } from '../core/event.ts';
import type { Aggregates } from '../core/store.ts';

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
  void tx;
  void clock;
  void environmentId;
  throw new Error(`not built yet: ${announcement.type}`);
}
