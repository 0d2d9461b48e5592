import { Card, Fault } from '../parts.tsx';
import { useAction } from '../use-action.ts';
import type { Live } from '../use-live.ts';
import { EventItem } from './event-item.tsx';
import { Webhooks } from './webhooks.tsx';

/** Step 3: what your app is told, as it happens. */
export function EventsCard({ live }: { live: Live }) {
  const { busy, fault, run } = useAction();
  const { events } = live;
  return (
    <Card step={3} title="See events" class="wide" lead="Everything your app is told, newest first. The list is live.">
      <p class={live.state === 'ok' ? 'live' : 'live paused'}>
        <span class="dot" aria-hidden="true" />
        {live.state === 'ok' ? 'Live' : 'Paused'}
      </p>
      <Webhooks />
      <h3>Events</h3>
      <p class="hidden" aria-live="polite">
        {announcement(live)}
      </p>
      {events === undefined ? <Loading /> : null}
      {events?.length === 0 ? <Empty /> : null}
      {events && events.length > 0 ? (
        <ul class="events">
          {events.map((event) => (
            <EventItem key={event.id} event={event} refresh={live.refresh} />
          ))}
        </ul>
      ) : null}
      {live.hasOlder ? (
        <div class="row">
          <button type="button" class="button quiet" disabled={busy} onClick={() => run(live.loadOlder)}>
            Show older events
          </button>
        </div>
      ) : null}
      <Fault text={fault} />
    </Card>
  );
}

function announcement({ arrived }: Live): string {
  const [newest] = arrived;
  if (!newest) return '';
  return arrived.length === 1
    ? `New event: ${newest.type}`
    : `${arrived.length} new events, the newest: ${newest.type}`;
}

function Loading() {
  return (
    <div class="events" aria-busy="true">
      <span class="hidden">Loading events</span>
      {[0, 1, 2].map((row) => (
        <div class="skeleton block" key={row} />
      ))}
    </div>
  );
}

function Empty() {
  return (
    <div class="empty tall">
      <svg viewBox="0 0 120 60" width="120" height="60" aria-hidden="true" focusable="false">
        <path
          d="M4 40h22l6-18 10 30 9-40 9 36 6-14 5 6h45"
          fill="none"
          stroke="currentColor"
          stroke-width="3"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      </svg>
      <p>
        <strong>No events yet</strong>
      </p>
      <p>Connect a test user in step 2. The first event, “auth”, follows within a second.</p>
    </div>
  );
}
