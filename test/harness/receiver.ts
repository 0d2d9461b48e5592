import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

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
  /** Most requests that were open at once. */
  most: number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let open = 0;
  const server = createServer(async (request, response) => {
    open += 1;
    receiver.most = Math.max(receiver.most, open);
    response.on('close', () => {
      open -= 1;
    });
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    receiver.received.push({ headers: request.headers, text, json: JSON.parse(text) });
    receiver.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: answering(200),
    most: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

export function answering(status: number, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => response.writeHead(status, headers).end();
}
