import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders;
  text: string;
  json: { type: string; user?: Record<string, unknown>; [member: string]: unknown };
}

/** A developer's server: takes webhooks and answers as the test says. */
export interface Receiver {
  url: string;
  received: ReceivedWebhook[];
  answer: RequestListener;
  /** Statuses that the next requests get, whatever they are, before `answer` is asked again. */
  failNext(...statuses: number[]): void;
  /** The first webhook that matches, as soon as it is there. `what` names it when it does not come. */
  waitFor(
    matches: (webhook: ReceivedWebhook, index: number) => boolean,
    what: string,
    patienceMs?: number,
  ): Promise<ReceivedWebhook>;
  /** Most requests that were open at once. */
  most: number;
  close(): Promise<void>;
}

const PATIENCE_MS = 30_000;
const LOOK_MS = 25;

export async function startReceiver(): Promise<Receiver> {
  let open = 0;
  const failures: number[] = [];
  const server = createServer(async (request, response) => {
    open += 1;
    receiver.most = Math.max(receiver.most, open);
    response.on('close', () => {
      open -= 1;
    });
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    receiver.received.push({ headers: request.headers, text, json: JSON.parse(text) });
    const failure = failures.shift();
    if (failure !== undefined) response.writeHead(failure).end();
    else receiver.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: answering(200),
    failNext: (...statuses) => void failures.push(...statuses),
    waitFor: (matches, what, patienceMs = PATIENCE_MS) => waitFor(receiver.received, matches, what, patienceMs),
    most: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

async function waitFor(
  received: ReceivedWebhook[],
  matches: (webhook: ReceivedWebhook, index: number) => boolean,
  what: string,
  patienceMs: number,
): Promise<ReceivedWebhook> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const found = received.find(matches);
    if (found) return found;
    if (performance.now() > until) {
      const types = received.map(({ json }) => json.type).join(', ');
      throw new Error(`no webhook: ${what}; received ${types || 'nothing'}`);
    }
    await sleep(LOOK_MS);
  }
}

export function answering(status: number, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => response.writeHead(status, headers).end();
}
