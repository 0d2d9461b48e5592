import type { Clock } from '../core/clock.ts';
import type { LaneLease, LaneQueue } from '../core/lanes.ts';
import type { Log } from '../core/log.ts';
import { failureFields } from './failure.ts';

/** What the code that serves a lane can know about its hold on it. */
export interface LaneControl {
  /** Aborts when the lease is lost, or when a stop has waited long enough. */
  readonly signal: AbortSignal;
  /** Another worker may have the lane: stop, and expect that writes under the lease change nothing. */
  readonly lost: boolean;
  /** Return after the batch in hand; the lane goes on elsewhere. */
  readonly stopping: boolean;
}

/** A lease that is kept alive. */
export interface Hold extends LaneControl {
  windDown(): void;
  abort(): void;
  /** Ends the extending; resolves when none is under way. */
  end(): Promise<void>;
}

/** Extends the lease every third of `leaseMs` until `end`. */
export function holdLease(
  lease: LaneLease,
  options: { lanes: LaneQueue; clock: Clock; log: Log; leaseMs: number },
): Hold {
  const { lanes, clock, log, leaseMs } = options;
  const controller = new AbortController();
  let leasedUntil = lease.leasedUntil;
  let lost = false;
  let stopping = false;
  let extending: Promise<void> | undefined;

  async function extend(): Promise<void> {
    const now = clock.now();
    try {
      if (await lanes.extend(lease, now, leaseMs)) leasedUntil = new Date(now.getTime() + leaseMs);
      else lost = true;
    } catch (error) {
      log.warn({ kind: lease.kind, lane: lease.laneId, ...failureFields(error) }, 'a lease could not be extended');
      // While the database is away nobody else can take the lane; once it may be back, somebody can.
      lost = clock.now() >= leasedUntil;
    }
    if (lost) cease();
  }

  function cease(): void {
    clearInterval(timer);
    if (lost) controller.abort();
  }

  const timer = setInterval(() => {
    extending ??= extend().finally(() => {
      extending = undefined;
    });
  }, leaseMs / 3);

  return {
    signal: controller.signal,
    get lost() {
      return lost;
    },
    get stopping() {
      return stopping;
    },
    windDown() {
      stopping = true;
    },
    abort() {
      stopping = true;
      controller.abort();
    },
    async end() {
      cease();
      await extending;
    },
  };
}
