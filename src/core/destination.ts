import type { Field } from './field.ts';
import type { TransportFailure } from './http.ts';
import type { Log } from './log.ts';

/** A place events are delivered to: a folder in `destinations/`. */
export interface Destination<C = Record<string, unknown>> {
  type: string;
  name: string;
  fields: Field[];
  /** Checks beyond the fields; throws a Problem that names the field. */
  check?(config: C): void;
  open(config: C, ports: DestinationPorts): Sender;
}

export interface DestinationPorts {
  /** Guarded HTTP: every address checked, no redirects, bounded answer. */
  http: OutboundHttp;
  log: Log;
  /** How long one try may take, from the destination's row. */
  timeoutMs: number;
}

export interface OutboundHttp {
  /** Sends bytes and answers with status and the beginning of the body. Failures are values. */
  post(request: OutboundPost): Promise<OutboundAnswer | TransportFailure>;
}

export interface OutboundPost {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface OutboundAnswer {
  status: number;
  headers: Record<string, string>;
  /** At most the first 4 KiB of the answer, decoded. */
  text: string;
}

/** One event on its way to one destination, as a sender sees it. */
export interface Delivery {
  id: string;
  eventId: string;
  type: string;
  traceId: string;
  reference: string;
  devId: string;
  orderingTimestamp: number | undefined;
  /** Frozen bytes of the JSON body. */
  body: Uint8Array;
  /** Secrets to sign with, newest first. */
  secrets: string[];
  /** Epoch seconds of this attempt. */
  now: number;
}

export interface Summary {
  status?: number;
  /** First bytes of the answer, cut. */
  text?: string;
}

/** How one try ended. Expected failure is a value; the engine owns retry, order, rate and logging. */
export type Attempt = {
  deliveryId: string;
  /** Milliseconds the send took. */
  durationMs: number;
} & (
  | { outcome: 'delivered'; response?: Summary }
  | {
      outcome: 'retry';
      reason: string;
      retryAfter?: number;
      response?: Summary;
    }
  | { outcome: 'rejected'; reason: string; response?: Summary }
);

export interface Sender {
  send(batch: Delivery[], signal: AbortSignal): Promise<Attempt[]>;
  close(): Promise<void>;
}

export interface DestinationRegistry {
  all(): readonly Destination[];
  find(type: string): Destination | undefined;
}

/** A configured destination of an environment. `config` is opened only where it is needed. */
export interface DestinationRow {
  environmentId: string;
  id: string;
  type: string;
  /** Field values that are not secret, for display. */
  display: Record<string, unknown>;
  active: boolean;
  ordered: boolean;
  /** Undefined: every event type. */
  eventTypes: string[] | undefined;
  /** Whether deliveries are signed with its own secret or the environment's. */
  ownSecret: boolean;
  timeoutMs: number;
  concurrency: number;
  maxAttempts: number;
  createdAt: Date;
}
