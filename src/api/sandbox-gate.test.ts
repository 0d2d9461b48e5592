import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { SandboxGate } from '../core/sandbox.ts';
import { type TestApp, testApp } from './server.fixture.ts';

type Seen = Parameters<SandboxGate['handle']>[0];

let open: TestApp['app'] | undefined;
afterEach(() => open?.close());

async function listen(gate: SandboxGate, production = false): Promise<string> {
  open = testApp({ sandbox: gate, production }).app;
  await open.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(open.server.address() as AddressInfo).port}`;
}

function echo(seen: Seen[]): SandboxGate {
  return {
    async handle(request) {
      seen.push(request);
      const headers = { 'content-type': 'application/json', 'content-length': '999', 'x-provider': 'yes' };
      return { status: 201, headers, body: '{"ok":true}' };
    },
  };
}

test('the farm sees method, path with query, headers and the bytes as they were sent', async () => {
  const seen: Seen[] = [];
  const base = await listen(echo(seen));
  const body = new Uint8Array([0, 255, 123, 34]);
  const answer = await fetch(`${base}/sandbox/api.example.com/oauth/token?x=1%2F2`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-own': 'a' },
    body,
  });
  expect([answer.status, answer.headers.get('x-provider'), await answer.text()]).toEqual([201, 'yes', '{"ok":true}']);
  expect(seen[0]).toMatchObject({ method: 'PUT', path: '/api.example.com/oauth/token?x=1%2F2' });
  expect(seen[0]?.headers['x-own']).toBe('a');
  expect([...(seen[0]?.rawBody ?? [])]).toEqual([...body]);
});

test('a request without a body has none', async () => {
  const seen: Seen[] = [];
  const base = await listen(echo(seen));
  await fetch(`${base}/sandbox/`);
  expect([seen[0]?.path, seen[0]?.rawBody.length]).toEqual(['/', 0]);
});

test('a drop closes the connection without an answer, and the server goes on', async () => {
  let drop = true;
  const base = await listen({
    handle: async () => (drop ? { drop: true } : { status: 200, headers: {}, body: 'back' }),
  });
  await expect(fetch(`${base}/sandbox/api.example.com/token`, { method: 'POST', body: 'a=b' })).rejects.toThrow();
  drop = false;
  expect(await (await fetch(`${base}/sandbox/api.example.com/token`)).text()).toBe('back');
});

test('more than one mebibyte is refused', async () => {
  const seen: Seen[] = [];
  const base = await listen(echo(seen));
  const answer = await fetch(`${base}/sandbox/x`, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) });
  expect(answer.status).toBe(413);
  expect(seen).toEqual([]);
});

test('a server with a production environment has no sandbox, whatever it is given', async () => {
  const seen: Seen[] = [];
  const base = await listen(echo(seen), true);
  expect((await fetch(`${base}/sandbox/x`)).status).toBe(404);
  expect(seen).toEqual([]);
});

test('what the HTTP parser refuses gets the same body as everything else', async () => {
  const base = await listen(echo([]));
  const long = await fetch(`${base}/v2/userInfo?reference_id=${'r'.repeat(20_000)}`);
  expect(long.status).toBe(431);
  expect(await long.json()).toMatchObject({
    title: 'bad request',
    status: 'error',
    detail: 'headers or url are too large',
  });
});
