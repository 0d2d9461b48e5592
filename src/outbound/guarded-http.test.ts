import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { OutboundAnswer } from '../core/destination.ts';
import type { TransportFailure } from '../core/http.ts';
import type { Resolve } from './connector.ts';
import { createGuard } from './guard.ts';
import { createOutboundHttp, type GuardedHttp } from './guarded-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(handler: RequestListener): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, port, server };
}

function client(options: { loopback?: boolean; resolve?: Resolve } = {}): GuardedHttp {
  const guard = createGuard({ allowAddresses: [], allowLoopback: options.loopback ?? true });
  const http = createOutboundHttp({ guard, ...(options.resolve ? { resolve: options.resolve } : {}) });
  cleanups.push(() => http.close());
  return http;
}

function post(http: GuardedHttp, url: string, more: { timeoutMs?: number; signal?: AbortSignal; body?: Buffer } = {}) {
  return http.post({
    url,
    headers: { 'content-type': 'application/json' },
    body: more.body ?? Buffer.from('{}'),
    timeoutMs: more.timeoutMs ?? 5_000,
    ...(more.signal ? { signal: more.signal } : {}),
  });
}

function failed(answer: OutboundAnswer | TransportFailure): string {
  return 'failed' in answer ? answer.failed : `answered ${answer.status}`;
}

test('status, headers and text come back, the body arrives as it was', async () => {
  const bodies: Buffer[] = [];
  const { url } = await listen(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()));
    response.writeHead(202, { 'X-Note': 'seen', 'set-cookie': ['a=1', 'b=2'] }).end('thank you');
  });
  const body = Buffer.from('{"name":"Zoë ✓"}');
  const answer = await post(client(), url, { body });
  expect(answer).toMatchObject({ status: 202, text: 'thank you' });
  expect((answer as OutboundAnswer).headers).toMatchObject({ 'x-note': 'seen', 'set-cookie': 'a=1, b=2' });
  expect(bodies).toEqual([body]);
});

describe('the guard', () => {
  test.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://2130706433:1/',
    'http://0x7f000001:1/',
    'http://0177.1:1/',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1/',
    'http://localhost:1/',
    'http://[fd00::1]/',
  ])('refuses %s', async (url) => {
    expect(failed(await post(client({ loopback: false }), url))).toBe('blocked');
  });

  test('refuses a name when any of its addresses is not allowed', async () => {
    const resolve: Resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.8', family: 4 },
    ];
    expect(failed(await post(client({ loopback: false, resolve }), 'http://two-faced.test/'))).toBe('blocked');
  });

  test('connects to the address that was checked: a name server that changes its mind is asked once', async () => {
    let requests = 0;
    const { port } = await listen((_, response) => {
      requests += 1;
      response.end();
    });
    const answers = ['127.0.0.1', '10.0.0.8'];
    let asked = 0;
    const resolve: Resolve = async () => {
      const address = answers[Math.min(asked, 1)] ?? '';
      asked += 1;
      return [{ address, family: 4 }];
    };
    const answer = await post(client({ resolve }), `http://rebinding.test:${port}/`);
    expect([failed(answer), asked, requests]).toEqual(['answered 200', 1, 1]);
  });

  test('a name that turns to a private address later is refused on the next connection', async () => {
    const { port } = await listen((_, response) => response.writeHead(200, { connection: 'close' }).end());
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.8', family: 4 }];
    };
    const http = client({ resolve });
    expect(failed(await post(http, `http://rebinding.test:${port}/`))).toBe('answered 200');
    expect(failed(await post(http, `http://rebinding.test:${port}/`))).toBe('blocked');
  });

  test('other schemes are not spoken', async () => {
    expect(failed(await post(client(), 'file:///etc/passwd'))).toBe('other');
    expect(failed(await post(client(), 'ftp://127.0.0.1/'))).toBe('other');
  });
});

describe('bounds', () => {
  test('a redirect is an answer, not a direction', async () => {
    let visits = 0;
    const target = await listen((_, response) => {
      visits += 1;
      response.end();
    });
    const { url } = await listen((_, response) => response.writeHead(302, { location: target.url }).end());
    expect(await post(client(), url)).toMatchObject({ status: 302 });
    expect(visits).toBe(0);
  });

  test('an endless answer is cut off and its status counts', async () => {
    let sent = 0;
    const { url } = await listen((_, response) => {
      const chunk = Buffer.alloc(16_384, 'x');
      const more = (): void => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', more);
      more();
    });
    const answer = (await post(client(), url)) as OutboundAnswer;
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('x'.repeat(4_096));
    expect(sent).toBeLessThan(50_000_000);
  });

  test('a character that the cut splits is left out', async () => {
    const { url } = await listen((_, response) => response.end(`${'x'.repeat(4_095)}é and more`));
    expect(await post(client(), url)).toMatchObject({ text: 'x'.repeat(4_095) });
  });

  test('a host that trickles its answer runs into the deadline', async () => {
    const { url } = await listen((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(failed(await post(client(), url, { timeoutMs: 300 }))).toBe('timeout');
  });

  test('a host that trickles its headers runs into the deadline', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-slow: yes\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(failed(await post(client(), `http://127.0.0.1:${port}/`, { timeoutMs: 300 }))).toBe('timeout');
  });

  test('more requests than connections wait their turn and all arrive', async () => {
    let open = 0;
    let most = 0;
    const { url } = await listen((request, response) => {
      open += 1;
      most = Math.max(most, open);
      request.resume().on('end', () =>
        setTimeout(() => {
          open -= 1;
          response.end();
        }, 5),
      );
    });
    const http = client();
    const answers = await Promise.all(Array.from({ length: 200 }, () => post(http, url)));
    expect(answers.map(failed)).toEqual(answers.map(() => 'answered 200'));
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThanOrEqual(64);
  });
});

describe('failures are values', () => {
  test('refused', async () => {
    const { url, server } = await listen(() => {});
    await new Promise((resolve) => server.close(resolve));
    expect(failed(await post(client(), url))).toBe('refused');
  });

  test('reset before the answer', async () => {
    const { url } = await listen((request) => request.socket.destroy());
    expect(failed(await post(client(), url))).toBe('reset');
  });

  test('a name without address', async () => {
    const resolve: Resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' });
    };
    const answer = await post(client({ resolve }), 'http://nowhere.test/');
    expect(failed(answer)).toBe('dns');
    expect(JSON.stringify(answer)).not.toContain('nowhere');
  });

  test('TLS where there is none', async () => {
    const { port } = await listen((_, response) => response.end());
    expect(failed(await post(client(), `https://127.0.0.1:${port}/`))).toBe('tls');
  });

  test('an answer that is not HTTP', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.end('220 mail ready\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(failed(await post(client(), `http://127.0.0.1:${port}/`))).toBe('other');
  });

  test('stopped by the caller, before and during the request', async () => {
    const { url } = await listen(() => {});
    const http = client();
    expect(failed(await post(http, url, { signal: AbortSignal.abort() }))).toBe('aborted');
    const stop = new AbortController();
    const answer = post(http, url, { signal: stop.signal });
    setTimeout(() => stop.abort(), 30);
    expect(failed(await answer)).toBe('aborted');
  });

  test('a header that cannot be sent', async () => {
    const { url } = await listen((_, response) => response.end());
    const answer = await client().post({
      url,
      headers: { 'x-bad': 'line\r\nbreak' },
      body: Buffer.from('{}'),
      timeoutMs: 1_000,
    });
    expect(failed(answer)).toBe('other');
  });
});
