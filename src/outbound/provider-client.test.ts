import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiRequest, ApiResponse } from '../core/http.ts';
import type { ProviderCall } from '../core/outbound.ts';
import type { LoadedProvider } from '../core/provider.ts';
import { createGuard } from './guard.ts';
import { type ClosableProviderClient, createProviderClient } from './provider-client.ts';
import { createAddressMap } from './sandbox-address.ts';

const provider = {
  id: 'EXAMPLE',
  hosts: { api: 'https://api.example.test', auth: 'https://login.example.test' },
} as unknown as LoadedProvider;

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let seen: Seen[];
let answer: { status: number; body: string | Buffer; headers?: Record<string, string> };
let logged: unknown[];
let origin: string | undefined;
let client: ClosableProviderClient;
let close: () => Promise<void>;

beforeEach(async () => {
  seen = [];
  logged = [];
  answer = { status: 200, body: '{"ok":true}', headers: { 'X-Limit': '9' } };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sandbox`;
  const log = (fields: unknown, message: string): void => void logged.push([fields, message]);
  client = createProviderClient({
    guard: createGuard({ allowAddresses: [], allowLoopback: false }),
    sandboxOrigin: () => origin,
    log: { debug: log, info: log, warn: log, error: log },
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  close = async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => close());

function call(request: ApiRequest, more: Partial<ProviderCall> = {}): ProviderCall {
  return { provider, transport: 'sandbox', request, accessToken: 'token-of-the-account', ...more };
}

async function ok(request: ApiRequest, more: Partial<ProviderCall> = {}): Promise<ApiResponse> {
  const got = await client.send(call(request, more));
  if ('failed' in got) throw new Error(got.failed);
  return got;
}

describe('requests', () => {
  test('go to the sandbox under their real host, with query and token', async () => {
    const got = await ok({
      url: 'https://api.example.test/v2/sleep?a=1',
      query: { next: 'x y', none: undefined, n: 3 },
    });
    expect(got).toMatchObject({ status: 200, json: { ok: true } });
    expect(got.headers['x-limit']).toBe('9');
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/sandbox/api.example.test/v2/sleep?a=1&next=x+y&n=3' });
    expect(seen[0]?.headers.authorization).toBe('Bearer token-of-the-account');
    expect(seen[0]?.headers['user-agent']).toMatch(/^Solum\/\d+\.\d+\.\d+$/);
  });

  test('carry forms', async () => {
    await ok({
      method: 'POST',
      url: 'https://login.example.test/token',
      form: { grant_type: 'refresh_token', scope: 'a b', gone: undefined },
      as: 'nobody',
    });
    expect(seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(seen[0]?.headers.authorization).toBeUndefined();
    expect(seen[0]?.body).toBe('grant_type=refresh_token&scope=a+b');
  });

  test('carry JSON and own headers', async () => {
    await ok({
      method: 'PUT',
      url: 'https://api.example.test/x',
      json: { a: [1] },
      headers: { Accept: 'application/vnd.example' },
    });
    expect(seen[0]).toMatchObject({ method: 'PUT', body: '{"a":[1]}' });
    expect(seen[0]?.headers.accept).toBe('application/vnd.example');
  });

  test('prove the client with a basic header in UTF-8 (RFC 7617)', async () => {
    await ok({ url: 'https://api.example.test/x', as: 'basic' }, { basic: { id: 'app', secret: 'pä:ss' } });
    const encoded = seen[0]?.headers.authorization?.replace('Basic ', '') ?? '';
    expect(Buffer.from(encoded, 'base64').toString('utf8')).toBe('app:pä:ss');
  });
});

describe('answers', () => {
  test('that are not JSON are bytes', async () => {
    answer = { status: 404, body: Buffer.from([0xff, 0x00, 0x7b]) };
    const got = await ok({ url: 'https://api.example.test/file' });
    expect(got.json).toBeUndefined();
    expect([...got.body]).toEqual([0xff, 0x00, 0x7b]);
    expect(got.status).toBe(404);
  });

  test('that are redirects stay answers', async () => {
    answer = { status: 302, body: '', headers: { location: 'https://elsewhere.test' } };
    expect(await ok({ url: 'https://api.example.test/' })).toMatchObject({ status: 302 });
    expect(seen).toHaveLength(1);
  });

  test('that are too large are a failure', async () => {
    answer = { status: 200, body: 'x'.repeat(2_000) };
    const got = await client.send(call({ url: 'https://api.example.test/' }, { maxBytes: 1_000 }));
    expect(got).toMatchObject({ failed: 'too_large' });
    expect((await ok({ url: 'https://api.example.test/' }, { maxBytes: 2_000 })).body).toHaveLength(2_000);
  });
});

describe('hosts', () => {
  test.each([
    'https://elsewhere.test/x',
    'http://api.example.test/x',
    'https://api.example.test:8443/x',
    'https://api.example.test.evil.test/x',
    'https://api.example.test@evil.test/x',
    'https://user:pw@api.example.test/x',
    'not a url',
  ])('outside the manifest are refused before anything is sent: %s', async (url) => {
    for (const transport of ['live', 'sandbox'] as const) {
      await expect(client.send(call({ url }, { transport }))).rejects.toMatchObject({ code: 'internal' });
    }
    expect(seen).toEqual([]);
  });

  test('of live accounts pass the guard, whatever the manifest says', async () => {
    const got = await client.send(call({ url: 'https://api.example.test/' }, { transport: 'live' }));
    expect(got).toMatchObject({ failed: 'blocked' });
  });

  test('of the sandbox are nowhere when it is switched off', async () => {
    origin = undefined;
    expect(await client.send(call({ url: 'https://api.example.test/' }))).toMatchObject({ failed: 'refused' });
  });
});

test('missing credentials are a bug, and no message or log line holds one', async () => {
  const { accessToken: _, ...rest } = call({ url: 'https://api.example.test/' });
  await expect(client.send(rest)).rejects.toMatchObject({ code: 'internal' });
  await ok({ url: 'https://api.example.test/people/7?secret=1' });
  const failure = await client.send(call({ url: 'https://api.example.test/' }, { transport: 'live' }));
  const said = JSON.stringify([logged, failure]);
  expect(logged.length).toBeGreaterThan(0);
  expect(said).not.toContain('token-of-the-account');
  expect(said).not.toContain('people');
});

describe('pages for the browser', () => {
  const map = createAddressMap({ publicUrl: 'https://health.example.org' });

  test('are the real ones for live accounts', () => {
    expect(map.toBrowser('EXAMPLE', 'https://login.example.test/oauth?x=1', 'live')).toBe(
      'https://login.example.test/oauth?x=1',
    );
  });

  test('are the simulated ones for the sandbox, with their query', () => {
    expect(map.toBrowser('EXAMPLE', 'https://login.example.test/oauth?scope=a%20b', 'sandbox')).toBe(
      'https://health.example.org/sandbox/login.example.test/oauth?scope=a%20b',
    );
  });
});
