import type { Clock } from '../../core/clock.ts';
import type { DestinationRegistry, OutboundHttp } from '../../core/destination.ts';
import type { Log } from '../../core/log.ts';
import type { Store } from '../../core/store.ts';
import type { Backoff } from '../../lib/backoff.ts';

export interface DeliveryOptions {
  store: Store;
  clock: Clock;
  log: Log;
  destinations: DestinationRegistry;
  http: OutboundHttp;
  /** In [0, 1), for jitter. Default `Math.random`. */
  random?: () => number;
  /** Default 30 s, doubling, at most 8 h, ±10 %. */
  backoff?: Backoff;
}

export interface DeliveryPorts extends DeliveryOptions {
  backoff: Backoff;
}

/** What the queue says about a lane that is being served. */
export interface LaneControl {
  /** Aborts when the lease is lost or a stop has waited long enough: what is running ends and is not recorded. */
  readonly signal: AbortSignal;
  /** Another worker may have the lane. */
  readonly lost: boolean;
  /** Begin nothing new; let what is running end. */
  readonly stopping: boolean;
}
