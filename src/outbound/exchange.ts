import type { Dispatcher } from 'undici';
import type { TransportFailure } from '../core/http.ts';
import { onAbort } from './abort.ts';
import { failure, failureOf } from './failure.ts';

/** One HTTP request as it goes out. */
export interface Exchange {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Uint8Array | string;
  /** From the call to the last byte of the answer, waiting for a connection included. */
  timeoutMs: number;
  /** The answer is read up to here. */
  maxBytes: number;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  headers: Record<string, string>;
  body: Buffer;
  /** The answer was longer than `maxBytes`; the connection was dropped. */
  cut: boolean;
}

/**
 * Sends one request and reads the answer up to a bound and a deadline. Redirects come back as answers. Speaks to the
 * dispatcher directly: a stream per answer would cost more than the sending.
 */
export function exchange(dispatcher: Dispatcher, request: Exchange): Promise<Answer | TransportFailure> {
  return new Promise((resolve) => {
    if (request.signal?.aborted) {
      resolve(failure('aborted'));
      return;
    }
    const reader = new Reader(request, resolve);
    try {
      dispatcher.dispatch(
        {
          origin: request.url.origin,
          path: `${request.url.pathname}${request.url.search}`,
          method: request.method as Dispatcher.HttpMethod,
          headers: request.headers,
          body: request.body ?? null,
        },
        reader,
      );
    } catch (error) {
      reader.settle(failureOf(error));
    }
  });
}

/** Collects one answer. Settles once: at the end, the bound, the deadline, the signal or a failure. */
class Reader implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private headers: Record<string, string> = {};
  private chunks: Buffer[] = [];
  private length = 0;
  private settled = false;
  private readonly timer: NodeJS.Timeout;
  private readonly forget: (() => void) | undefined;
  private readonly request: Exchange;
  private readonly resolve: (answer: Answer | TransportFailure) => void;

  constructor(request: Exchange, resolve: (answer: Answer | TransportFailure) => void) {
    this.request = request;
    this.resolve = resolve;
    this.timer = setTimeout(() => this.stop(failure('timeout')), request.timeoutMs);
    this.forget = request.signal && onAbort(request.signal, () => this.stop(failure('aborted')));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.settled) controller.abort(new Error('settled'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    if (status < 200) return; // 1xx: the real answer follows (RFC 9110 §15.2)
    this.status = status;
    for (const [name, value] of Object.entries(headers)) {
      this.headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.request.maxBytes - this.length;
    this.chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.length += Math.min(chunk.length, room);
    if (chunk.length > room) this.stop(this.answer(true));
  }

  onResponseEnd(): void {
    this.settle(this.answer(false));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.settle(failureOf(error));
  }

  settle(answer: Answer | TransportFailure): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    this.forget?.();
    this.resolve(answer);
  }

  /** Settles and drops the connection. */
  private stop(answer: Answer | TransportFailure): void {
    this.settle(answer);
    this.controller?.abort(new Error('settled'));
  }

  private answer(cut: boolean): Answer {
    const [only] = this.chunks;
    const body = this.chunks.length === 1 && only ? only : Buffer.concat(this.chunks);
    return { status: this.status, headers: this.headers, body, cut };
  }
}
