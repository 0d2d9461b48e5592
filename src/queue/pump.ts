import type { Clock } from '../core/clock.ts';
import type { LaneKind, LaneLease, LaneQueue } from '../core/lanes.ts';
import type { Log } from '../core/log.ts';
import { createBell } from './bell.ts';
import { failureFields } from './failure.ts';
import { type Hold, holdLease, type LaneControl } from './hold.ts';

export interface PumpOptions {
  kind: LaneKind;
  lanes: LaneQueue;
  clock: Clock;
  log: Log;
  /** Lanes served at once, at least 1. */
  concurrency: number;
  /**
   * Serves the lane's due rows until none is left, `control.stopping` or `control.signal` says stop; rows that fail
   * park themselves. Throws only for what is not a row's fault.
   */
  serve: (lease: LaneLease, control: LaneControl) => Promise<void>;
  /** How long a lane stays with a worker that says nothing. Default 15 000. */
  leaseMs?: number;
  /** How often to look for lanes that other processes woke or whose time has come. Default 500. */
  pollMs?: number;
  /** How long a lane rests after `serve` threw. Default 5 000. */
  restMs?: number;
  /** How long `stop` waits for running serves before it aborts them. Default 10 000. */
  stopMs?: number;
}

export interface Pump {
  start(): void;
  /** Looks for due lanes at once. Call after a commit that woke lanes. */
  nudge(): void;
  /** Claims no more, lets running serves finish, aborts those that take too long. */
  stop(): Promise<void>;
}

/** The loop that serves lanes of one kind: claim, serve under a lease that is kept alive, give back. */
export function createPump(options: PumpOptions): Pump {
  const { kind, lanes, clock, log, concurrency, leaseMs = 15_000, pollMs = 500, stopMs = 10_000 } = options;
  const serving = new Map<Hold, Promise<void>>();
  const bell = createBell();
  let loop: Promise<void> | undefined;
  let stopping = false;
  /** The last claim left no place free: there may be more lanes than it took. */
  let full = false;
  let nudges = 0;
  let failing = false;

  async function run(): Promise<void> {
    while (!stopping) {
      await fill();
      await bell.wait(pollMs);
    }
  }

  async function fill(): Promise<void> {
    const free = concurrency - serving.size;
    if (free <= 0) return;
    try {
      const seen = nudges;
      const leases = await lanes.claim(kind, clock.now(), leaseMs, free);
      full = leases.length === free;
      for (const lease of leases) begin(lease, seen);
      if (failing) log.info({ kind }, 'lanes are claimed again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ kind, ...failureFields(error) }, 'lanes cannot be claimed, trying on');
      failing = true;
    }
  }

  /**
   * `seen`: nudges before the claim. One that came since may be about this very lane, which could not be claimed while
   * it was served; without one, rows that came from elsewhere are found by the next poll.
   */
  function begin(lease: LaneLease, seen: number): void {
    const hold = holdLease(lease, { lanes, clock, log, leaseMs });
    if (stopping) hold.windDown();
    const work = serveLane(options, lease, hold).finally(() => {
      serving.delete(hold);
      if (full || nudges !== seen) bell.ring();
    });
    serving.set(hold, work);
  }

  return {
    start() {
      loop ??= run();
    },
    nudge() {
      nudges += 1;
      bell.ring();
    },
    async stop() {
      stopping = true;
      bell.ring();
      await loop;
      for (const hold of serving.keys()) hold.windDown();
      if (await settled([...serving.values()], stopMs)) return;
      for (const hold of serving.keys()) hold.abort();
      if (await settled([...serving.values()], stopMs)) return;
      log.warn({ kind, lanes: serving.size }, 'stopped with lanes still served; others take them when the lease ends');
    },
  };
}

/** Serves one lane and gives it back. Never rejects: what cannot be given back is taken over when its lease ends. */
async function serveLane(options: PumpOptions, lease: LaneLease, hold: Hold): Promise<void> {
  const { lanes, clock, log, serve, restMs = 5_000 } = options;
  const lane = { kind: lease.kind, lane: lease.laneId };
  let failed = false;
  try {
    if (!hold.stopping) await serve(lease, hold); // claimed while a stop began: straight back
  } catch (error) {
    failed = !hold.signal.aborted;
    if (failed) log.error({ ...lane, ...failureFields(error) }, 'serving a lane failed');
  }
  await hold.end();
  if (hold.lost) {
    log.warn(lane, 'a lease was lost while its lane was served');
    return;
  }
  try {
    // A lease that nobody works under is a rest which new rows cannot cut short.
    if (failed) await lanes.extend(lease, clock.now(), restMs);
    else await lanes.release(lease, clock.now());
  } catch (error) {
    log.warn({ ...lane, ...failureFields(error) }, 'a lane could not be given back');
  }
}

/** Whether all of them ended within `ms`. */
async function settled(work: Promise<void>[], ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const all = Promise.all(work).then(() => true);
  return Promise.race([all, limit]).finally(() => clearTimeout(timer));
}
