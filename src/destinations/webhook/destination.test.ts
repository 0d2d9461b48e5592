import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyTerraWebhookSignature } from 'terra-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DestinationRig, makeDelivery, testDestination } from '../../../test/conformance/destination-suite.ts';
import type { Attempt, Delivery } from '../../core/destination.ts';
import { createGuard } from '../../outbound/guard.ts';
import { createOutboundHttp } from '../../outbound/guarded-http.ts';
import webhook from './destination.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

interface Receiver {
  url: string;
  requests: { headers: IncomingHttpHeaders; method: string | undefined; body: Buffer }[];
  /** How the next requests are answered. */
  answer: RequestListener;
  close(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    requests: [],
    answer: (_, response) => response.end('ok'),
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    receiver.requests.push({ headers: request.headers, method: request.method, body });
    receiver.answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=in-the-address`;
  return receiver;
}

function opener(allowLoopback: boolean, timeoutMs = 5_000) {
  const http = createOutboundHttp({ guard: createGuard({ allowAddresses: [], allowLoopback }) });
  return {
    open: (url: string) => webhook.open({ url }, { http, log: quiet, timeoutMs }),
    close: () => http.close(),
  };
}

testDestination('webhook', async (): Promise<DestinationRig> => {
  const receiver = await startReceiver();
  const free = opener(true);
  const strict = opener(false);
  return {
    open: () => free.open(receiver.url),
    openUnreachable: () => free.open('http://127.0.0.1:9/?key=in-the-address'),
    openRefused: () => strict.open(receiver.url),
    received: async () =>
      new Map(receiver.requests.map((request) => [String(request.headers['x-terra-trace-id']), request.body])),
    secrets: ['in-the-address'],
    async close() {
      await Promise.all([receiver.close(), free.close(), strict.close()]);
    },
  };
});

let receiver: Receiver;
let wires: ReturnType<typeof opener>;
beforeEach(async () => {
  receiver = await startReceiver();
  wires = opener(true, 400);
});
afterEach(() => Promise.all([receiver.close(), wires.close()]));

async function attempt(delivery: Delivery): Promise<Attempt> {
  const [only] = await wires.open(receiver.url).send([delivery], new AbortController().signal);
  if (!only) throw new Error('no attempt came back');
  return only;
}

describe('the request', () => {
  test('carries the documented headers', async () => {
    const delivery = makeDelivery({ devId: 'my-dev-id', orderingTimestamp: 1_700_000_000_001 });
    await attempt(delivery);
    const [request] = receiver.requests;
    expect(request?.method).toBe('POST');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'terra-reference': delivery.reference,
      'x-terra-trace-id': delivery.traceId,
      'x-terra-ordering-timestamp': '1700000000001',
      'dev-id': 'my-dev-id',
      'content-length': String(delivery.body.length),
    });
    expect(request?.headers['user-agent']).toMatch(/^Solum\//);
    expect(request?.headers['terra-signature']).toBe(request?.headers['x-terra-signature']);
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(request?.headers).not.toHaveProperty('content-encoding');
  });

  test('has no ordering header without a recency anchor', async () => {
    await attempt(makeDelivery({ orderingTimestamp: undefined }));
    expect(receiver.requests[0]?.headers).not.toHaveProperty('x-terra-ordering-timestamp');
  });

  test('is signed as documented', async () => {
    await attempt(
      makeDelivery({
        body: Buffer.from('{"type":"healthcheck","status":"success"}'),
        secrets: ['test_signing_secret'],
        now: 1_723_808_700,
      }),
    );
    expect(receiver.requests[0]?.headers['terra-signature']).toBe(
      't=1723808700,v1=d2dc8931792a25d17db23d7e4e8e53e153ba79eb9614dcdbc28db95054a8e6d7',
    );
  });

  test('is accepted by the official verifier, first and on a retry hours after, by each secret of a rotation', async () => {
    const hour = 3_600;
    const now = Math.floor(Date.now() / 1000);
    const delivery = makeDelivery({ secrets: ['new-secret', 'old-secret'], body: Buffer.from('{"name":"Zoë"}') });
    await attempt({ ...delivery, now: now - 8 * hour });
    await attempt({ ...delivery, now });
    const [stale, fresh] = receiver.requests;
    const verify = (secret: string, signature: unknown, tolerance: number) =>
      verifyTerraWebhookSignature(String(fresh?.body), String(signature), secret, { tolerance });
    for (const secret of delivery.secrets) {
      await expect(verify(secret, fresh?.headers['terra-signature'], 300)).resolves.toBe(true);
      await expect(verify(secret, stale?.headers['terra-signature'], 9 * hour)).resolves.toBe(true);
    }
    await expect(verify('new-secret', stale?.headers['terra-signature'], 300)).rejects.toThrow('too old');
    await expect(verify('other', fresh?.headers['terra-signature'], 300)).rejects.toThrow();
    expect(fresh?.body).toEqual(stale?.body);
    expect(fresh?.headers['x-terra-trace-id']).toBe(stale?.headers['x-terra-trace-id']);
  });
});

describe('the answer', () => {
  test.each([200, 201, 202, 204, 299])('%i is delivered', async (status) => {
    receiver.answer = (_, response) => response.writeHead(status).end();
    expect(await attempt(makeDelivery())).toMatchObject({ outcome: 'delivered', response: { status } });
  });

  test.each([301, 302, 307, 400, 401, 404, 410, 413, 429, 500, 503])('%i is tried again', async (status) => {
    receiver.answer = (_, response) => response.writeHead(status, { location: receiver.url }).end('why');
    expect(await attempt(makeDelivery())).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining(String(status)),
      response: { status, text: 'why' },
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test('may ask for time, in seconds or until a date', async () => {
    const now = Date.UTC(2025, 0, 1, 0, 0, 0) / 1000;
    receiver.answer = (_, response) => response.writeHead(429, { 'retry-after': '90' }).end();
    expect(await attempt(makeDelivery({ now }))).toMatchObject({ retryAfter: 90 });
    const date = { 'retry-after': 'Wed, 01 Jan 2025 00:02:00 GMT' };
    receiver.answer = (_, response) => response.writeHead(503, date).end();
    expect(await attempt(makeDelivery({ now }))).toMatchObject({ retryAfter: 120 });
  });

  test('that does not come counts as 504', async () => {
    receiver.answer = () => {};
    expect(await attempt(makeDelivery())).toMatchObject({ outcome: 'retry', response: { status: 504 } });
  });

  test('that breaks off counts as 503', async () => {
    receiver.answer = (request) => request.socket.destroy();
    expect(await attempt(makeDelivery())).toMatchObject({ outcome: 'retry', response: { status: 503 } });
  });

  test('that is not HTTP counts as 500', async () => {
    receiver.answer = (request) => request.socket.end('hello\r\n\r\n');
    expect(await attempt(makeDelivery())).toMatchObject({ outcome: 'retry', response: { status: 500 } });
  });
});

test.each(['ftp://example.org/', 'javascript:alert(1)', 'example.org', '', 'https://user:pw@example.org/'])(
  'an address that is not a plain web address is refused: %s',
  (url) => {
    expect(() => webhook.check?.({ url })).toThrow(expect.objectContaining({ code: 'bad_request', field: 'url' }));
  },
);
