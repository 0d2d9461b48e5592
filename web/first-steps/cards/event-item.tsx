import { useEffect, useState } from 'preact/hooks';
import type { DeliveryRow, EventRow } from '../../../src/api/first-steps/wire.ts';
import { ApiError, api, messageOf } from '../api.ts';
import { byteSize, dateAndTime, duration, prettyJson, timeOfDay } from '../format.ts';
import { type EventState, eventState } from '../merge-events.ts';
import { CopyButton, Fault, Icon, ScrollArea } from '../parts.tsx';
import { useAction } from '../use-action.ts';

const STATES: Record<EventState, { label: string; tone: string }> = {
  kept: { label: 'No webhook', tone: '' },
  delivered: { label: 'Delivered', tone: 'good' },
  pending: { label: 'Sending', tone: '' },
  retrying: { label: 'Retrying', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: '' },
};

/** Characters of a body that are shown; the rest comes with the copy button. */
const SHOWN = 100_000;

/** One event: a line that opens to its body and the attempts to deliver it. */
export function EventItem({ event, refresh }: { event: EventRow; refresh(): Promise<void> }) {
  const [open, setOpen] = useState(false);
  const state = STATES[eventState(event)];
  const id = `event-${event.id}`;
  return (
    <li class={open ? 'event open' : 'event'}>
      <button type="button" class="event-line" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name="chevron" />
        <span class={event.is_data ? 'type data' : 'type'}>{event.type}</span>
        <span class={`tag ${state.tone}`}>{state.label}</span>
        <span class="size">{byteSize(event.bytes)}</span>
        <time dateTime={event.created_at} title={dateAndTime(event.created_at)}>
          {timeOfDay(event.created_at)}
        </time>
      </button>
      <div id={id} hidden={!open} class="event-more">
        {open ? <Details event={event} refresh={refresh} /> : null}
      </div>
    </li>
  );
}

function Details({ event, refresh }: { event: EventRow; refresh(): Promise<void> }) {
  const { busy, fault, run } = useAction();
  const resend = () =>
    run(async () => {
      const { deliveries } = await api.resend(event.id);
      if (deliveries === 0) throw new ApiError(0, 'There is no webhook that takes this event.');
      await refresh();
    });
  return (
    <>
      <Body id={event.id} />
      <h4>Deliveries</h4>
      {event.deliveries.length === 0 ? (
        <p class="small">There was no webhook when this happened. Add one above, then send it again.</p>
      ) : (
        event.deliveries.map((delivery) => <Delivery key={delivery.id} delivery={delivery} />)
      )}
      <div class="row">
        <button type="button" class="button quiet small-button" onClick={resend} disabled={busy}>
          Send again
        </button>
      </div>
      <Fault text={fault} />
    </>
  );
}

function Body({ id }: { id: string }) {
  const [text, setText] = useState<string>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    let left = false;
    api
      .eventBody(id)
      .then((body) => !left && setText(prettyJson(body)))
      .catch((error: unknown) => !left && setFault(messageOf(error)));
    return () => {
      left = true;
    };
  }, [id]);

  if (fault) return <Fault text={fault} />;
  if (text === undefined) return <div class="skeleton code" />;
  return (
    <div class="code-box">
      <div class="code-head">
        <h4>Body</h4>
        <CopyButton text={text} what="body" />
      </div>
      <Json text={text.slice(0, SHOWN)} />
      {text.length > SHOWN ? <p class="small">The end is not shown. Copy takes the whole body.</p> : null}
    </div>
  );
}

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with its names, texts and other values told apart. */
function Json({ text }: { text: string }) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, quoted, colon] = match;
    const kind = colon ? 'j-name' : quoted ? 'j-text' : 'j-value';
    const shown = colon ? quoted : whole;
    parts.push(text.slice(end, match.index), <span class={kind}>{shown}</span>);
    end = match.index + (shown ?? whole).length;
  }
  parts.push(text.slice(end));
  return (
    <ScrollArea class="code" label="Body of the event">
      <pre>{parts}</pre>
    </ScrollArea>
  );
}

function Delivery({ delivery }: { delivery: DeliveryRow }) {
  return (
    <div class="delivery">
      <p class="small">
        <strong>{deliveryText(delivery)}</strong>
        <br />
        Trace id <code>{delivery.trace_id}</code>
      </p>
      {delivery.tries.length > 0 ? (
        <ScrollArea class="scroll" label="Attempts">
          <table>
            <thead>
              <tr>
                <th scope="col">Attempt</th>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col">Took</th>
                <th scope="col">Answer</th>
              </tr>
            </thead>
            <tbody>
              {delivery.tries.map((attempt) => (
                <tr key={attempt.number}>
                  <td>{attempt.number}</td>
                  <td>{timeOfDay(attempt.at)}</td>
                  <td>
                    <span class={attempt.outcome === 'delivered' ? 'tag good' : 'tag bad'}>
                      {attempt.status ?? '–'}
                    </span>
                  </td>
                  <td>{duration(attempt.duration_ms)}</td>
                  <td class="answer">{attempt.reason ?? attempt.response_text ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      ) : null}
    </div>
  );
}

function deliveryText(delivery: DeliveryRow): string {
  if (delivery.state === 'delivered') return 'Delivered';
  if (delivery.state === 'cancelled') return 'Cancelled: the connection or the webhook went away';
  if (delivery.state === 'dead') return 'Given up after the last attempt';
  return delivery.tries.length === 0 ? 'On its way' : `Next attempt at ${timeOfDay(delivery.due_at)}`;
}
