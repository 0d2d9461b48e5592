import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { EnvironmentAnswer, EventRow, UserRow } from '../../src/api/first-steps/wire.ts';
import { ApiError, api } from './api.ts';
import { isOpen, mergeEvents } from './merge-events.ts';

const POLL_MS = 1500;
/** Every so many polls everything is read again, whatever the events say. */
const WHOLE_EVERY = 12;
const PAGE = 50;

export interface Live {
  environment: EnvironmentAnswer | undefined;
  /** Undefined until read for the first time. */
  users: UserRow[] | undefined;
  events: EventRow[] | undefined;
  /** Events that came since the page was opened. */
  arrived: EventRow[];
  hasOlder: boolean;
  /** `away`: the server does not answer and is asked again. `signed_out`: only a new link helps. */
  state: 'ok' | 'away' | 'signed_out';
  refresh(): Promise<void>;
  loadOlder(): Promise<void>;
}

type Data = Pick<Live, 'environment' | 'users' | 'events' | 'arrived' | 'hasOlder'>;

const NOTHING: Data = {
  environment: undefined,
  users: undefined,
  events: undefined,
  arrived: [],
  hasOlder: false,
};

/** Everything on the page that changes by itself, asked for every 1.5 s while the page is seen. */
export function useLive(): Live {
  const [data, setData] = useState<Data>(NOTHING);
  const [state, setState] = useState<Live['state']>('ok');
  const current = useRef(data);

  const read = useCallback(async (whole: boolean) => {
    try {
      const next = await readNext(current.current, whole);
      current.current = next;
      setData(next);
      setState('ok');
    } catch (error) {
      setState(error instanceof ApiError && error.status === 401 ? 'signed_out' : 'away');
    }
  }, []);

  useEffect(() => {
    let polls = 0;
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    const poll = async () => {
      if (!document.hidden) await read(polls++ % WHOLE_EVERY === 0);
      if (!stopped) timer = setTimeout(poll, POLL_MS);
    };
    poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [read]);

  const loadOlder = useCallback(async () => {
    const oldest = current.current.events?.at(-1);
    if (!oldest) return;
    const { events } = await api.events({ before: oldest.id });
    const next = {
      ...current.current,
      events: mergeEvents(current.current.events ?? [], events),
      hasOlder: events.length === PAGE,
    };
    current.current = next;
    setData(next);
  }, []);

  return { ...data, state, refresh: () => read(true), loadOlder };
}

/** Asks only for what may be new: events after the newest, unless an open delivery can change what is shown. */
async function readNext(known: Data, whole: boolean): Promise<Data> {
  const newest = known.events?.[0]?.id;
  const after = whole || known.events?.slice(0, PAGE).some(isOpen) ? undefined : newest;
  let answer = await api.events(after ? { after } : {});
  // After a known event the oldest come first: a full page does not reach the newest ones.
  if (after && answer.events.length === PAGE) answer = await api.events({});
  const ids = new Set(known.events?.map((event) => event.id));
  const fresh = known.events ? answer.events.filter((event) => !ids.has(event.id)) : [];
  const users = whole || fresh.length > 0 || !known.users ? (await api.users()).users : known.users;
  return {
    environment: known.environment ?? (await api.environment()),
    users,
    // A page of nothing but news may leave out what came between: start over from it.
    events: fresh.length === PAGE ? answer.events : mergeEvents(known.events ?? [], answer.events),
    arrived: fresh.length > 0 ? fresh : known.arrived,
    hasOlder: known.events && fresh.length < PAGE ? known.hasOlder : answer.events.length === PAGE,
  };
}
