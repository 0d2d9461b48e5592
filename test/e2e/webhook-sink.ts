import { createServer } from 'node:http';

export interface Received {
  headers: Record<string, string>;
  body: string;
  json: Record<string, unknown>;
  at: number;
}

export interface WebhookSink {
  url: string;
  received: Received[];
  /** Status codes for the next requests, before it answers 200 again. */
  failNext(...statuses: number[]): void;
  /** Waits until something received matches. */
  waitFor(matches: (received: Received) => boolean, what: string, timeoutMs?: number): Promise<Received>;
  close(): Promise<void>;
}

/** A receiver of webhooks as a customer would run one. */
export async function startWebhookSink(): Promise<WebhookSink> {
  const received: Received[] = [];
  const failures: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      received.push({ headers, body, json: JSON.parse(body), at: Date.now() });
      response.writeHead(failures.shift() ?? 200).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    failNext: (...statuses) => failures.push(...statuses),
    waitFor: async (matches, what, timeoutMs = 20_000) => {
      const until = Date.now() + timeoutMs;
      for (;;) {
        const found = received.find(matches);
        if (found) return found;
        if (Date.now() > until) {
          throw new Error(
            `no webhook: ${what}; received ${received.map((one) => one.json.type).join(', ') || 'nothing'}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
