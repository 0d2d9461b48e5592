import { Agent } from 'undici';
import type { OutboundAnswer, OutboundHttp, OutboundPost } from '../core/destination.ts';
import type { TransportFailure } from '../core/http.ts';
import { guardedConnector, type Resolve } from './connector.ts';
import { exchange } from './exchange.ts';
import { failure } from './failure.ts';
import type { Guard } from './guard.ts';

export interface OutboundHttpOptions {
  guard: Guard;
  /** Connections per origin. Default 64, the largest concurrency of a destination. */
  connections?: number;
  /** Default: the system's resolver. */
  resolve?: Resolve;
}

export interface GuardedHttp extends OutboundHttp {
  /** Drops all connections. */
  close(): Promise<void>;
}

/** An answer beyond this is not read further; its status counts all the same. */
const READ_BYTES = 65_536;
/** What is kept of it for the delivery log. */
const KEPT_BYTES = 4_096;

/**
 * The client for everything that a customer can point somewhere: addresses checked, no redirects, answers and time
 * bounded, failures as values that name no address.
 */
export function createOutboundHttp(options: OutboundHttpOptions): GuardedHttp {
  const agent = new Agent({
    connect: guardedConnector(options.guard, options.resolve),
    connections: options.connections ?? 64,
    pipelining: 1,
  });
  return {
    post: (request) => post(agent, request),
    close: () => agent.destroy(),
  };
}

async function post(agent: Agent, request: OutboundPost): Promise<OutboundAnswer | TransportFailure> {
  const url = httpUrl(request.url);
  if (!url) return failure('other');
  const answer = await exchange(agent, { ...request, method: 'POST', url, maxBytes: READ_BYTES });
  if ('failed' in answer) return answer;
  return { status: answer.status, headers: answer.headers, text: beginning(answer.body) };
}

function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url : undefined;
}

/** Decodes the beginning; a character that the cut split is left out. */
function beginning(body: Buffer): string {
  if (body.length <= KEPT_BYTES) return body.toString('utf8');
  return new TextDecoder().decode(body.subarray(0, KEPT_BYTES), { stream: true });
}
