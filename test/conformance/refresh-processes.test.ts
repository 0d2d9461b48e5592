import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountRef } from '../../src/core/store.ts';
import type { TokenAnswer } from '../../src/services/refresh.ts';
import {
  type BenchOptions,
  browser,
  type ConnectBench,
  connectBench,
  connectPerson,
  PUBLIC_URL,
} from '../harness/connect-bench.ts';
import { pause, until } from '../harness/lane-fixture.ts';
import { type OidcServer, oidcProvider, oidcServer } from '../harness/oidc-server.ts';
import type { Order, ProcessOptions, Report } from '../harness/refresh-process.ts';
import { TEST_MASTER_KEY, type TestStore, testStore } from '../harness/store.ts';

const PROCESS = fileURLToPath(new URL('../harness/refresh-process.ts', import.meta.url));
/** A token of an hour is due and has not run out. */
const DUE_MS = 3_301_000;
const NEEDS = 50;

let shared: TestStore;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  shared = await testStore();
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

afterAll(() => shared.close());

interface Worker {
  /** Answers when the work has begun. */
  give(order: Order): Promise<void>;
  /** The next result. */
  result(): Promise<Report>;
  kill(): Promise<void>;
}

function startProcess(options: ProcessOptions): Worker {
  const child = spawn(process.execPath, ['--import', 'tsx', PROCESS, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  open.push({ close: () => end(child, 'SIGTERM') });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Report> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the process has ended');
    return JSON.parse(value) as Report;
  };
  return {
    async give(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      if (!('advanceMs' in order)) expect(await next()).toEqual({ begun: true });
    },
    result: next,
    kill: () => end(child, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Two processes on the bench's database that reach its provider at `origin`. */
function twoProcesses(b: ConnectBench, origin: string, provider: ProcessOptions['provider']): [Worker, Worker] {
  const options = {
    databaseUrl: shared.url,
    masterKey: TEST_MASTER_KEY.toString('hex'),
    origin,
    provider,
    now: b.clock.now().toISOString(),
  };
  return [startProcess(options), startProcess(options)];
}

async function bench(options: BenchOptions = {}): Promise<ConnectBench> {
  const made = await connectBench({ store: shared.store, ...options });
  open.push(made);
  return made;
}

async function refOf(b: ConnectBench, userId: string): Promise<AccountRef> {
  const connection = await b.store.connections.byUserId(b.environment.id, userId);
  return { environmentId: b.environment.id, accountId: connection?.accountId ?? '' };
}

async function tokensOf(workers: Worker[]): Promise<TokenAnswer[]> {
  const reports = await Promise.all(workers.map((worker) => worker.result()));
  return reports.flatMap((report) => ('tokens' in report ? report.tokens : []));
}

async function typesOf(b: ConnectBench): Promise<unknown[]> {
  return (await b.events()).map((event) => event.type);
}

function refreshes(b: ConnectBench): string[] {
  const requests = b.provider.requestsTo('/token').filter(({ form }) => form.grant_type === 'refresh_token');
  return requests.map(({ form }) => form.refresh_token ?? '');
}

function gate(): { hold: Promise<void>; open: () => void } {
  let release = () => {};
  const hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { hold, open: release };
}

describe('two processes', () => {
  test(`with ${NEEDS} needs at once make exactly one call`, async () => {
    const b = await bench();
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    b.clock.advance(DUE_MS);
    const workers = twoProcesses(b, b.provider.origin, 'simple');
    const { hold, open: answer } = gate();
    b.provider.trouble('/token', { hold });
    await Promise.all(workers.map((worker) => worker.give({ tokens: ref, times: NEEDS / 2 })));
    await until(() => refreshes(b).length > 0, 'the first request');
    await pause(500); // all others have had the time to ask as well
    answer();
    const answers = await tokensOf(workers);
    const grant = await b.store.accounts.grant(ref);
    expect(answers).toEqual(Array(NEEDS).fill({ accessToken: grant?.token.accessToken }));
    expect(refreshes(b)).toHaveLength(1);
    expect(grant?.version).toBe(2);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('that both look for what is due ask once for each account', async () => {
    const b = await bench();
    const people = Array.from({ length: 12 }, (_, index) => `person-${index}`);
    const refs: AccountRef[] = [];
    for (const person of people) refs.push(await refOf(b, await connectPerson(b, person)));
    b.clock.advance(DUE_MS);
    const workers = twoProcesses(b, b.provider.origin, 'simple');
    await Promise.all(workers.map((worker) => worker.give({ due: true })));
    await Promise.all(workers.map((worker) => worker.result()));
    expect(refreshes(b).length).toBe(people.length);
    expect(new Set(refreshes(b)).size).toBe(people.length);
    const versions = await Promise.all(refs.map(async (ref) => (await b.store.accounts.grant(ref))?.version));
    expect(versions).toEqual(people.map(() => 2));
    await Promise.all(workers.map((worker) => worker.give({ due: true })));
    const rest = await Promise.all(workers.map((worker) => worker.result()));
    expect(rest).toEqual([{ due: 0 }, { due: 0 }]);
    expect(await typesOf(b)).toEqual(people.map(() => 'auth'));
  });

  test('replace each other: one that dies while it asks is followed by the other when its lease is over', async () => {
    const b = await bench({ grace: true });
    const ref = await refOf(b, await connectPerson(b, 'ann'));
    b.clock.advance(DUE_MS);
    const [first, second] = twoProcesses(b, b.provider.origin, 'simple');
    const { hold, open: answer } = gate();
    b.provider.trouble('/token', { hold });
    await first.give({ tokens: ref, times: 1 });
    await until(() => refreshes(b).length === 1, 'the first request');
    await second.give({ tokens: ref, times: 1 });
    await first.kill();
    await pause(300);
    expect(refreshes(b)).toHaveLength(1);
    await second.give({ advanceMs: 60_001 });
    const reports = [await second.result(), await second.result()];
    answer();
    const grant = await b.store.accounts.grant(ref);
    expect(reports).toContainEqual({ tokens: [{ accessToken: grant?.token.accessToken }] });
    expect(new Set(refreshes(b)).size).toBe(1);
    expect(refreshes(b)).toHaveLength(2);
    expect(await typesOf(b)).toEqual(['auth']);
  });
});

describe('two processes at an independent server with rotation and reuse detection', () => {
  async function connected(): Promise<{ b: ConnectBench; server: OidcServer; ref: AccountRef; workers: Worker[] }> {
    const b = await bench({ providers: [oidcProvider] });
    const redirectUri = `${PUBLIC_URL}/v2/auth/acme/oauth2`;
    const server = await oidcServer({ id: `client-${b.environment.id}`, secret: 'good-secret', redirectUri });
    open.push(server);
    b.reach(server.origin);
    const { userId, authUrl } = await b.connect.authenticateUser(b.environment, 'ACME', {});
    const web = browser(b);
    web.take(await web.callback(await server.login(await web.open(authUrl), 'ann')));
    const ref = await refOf(b, userId);
    b.clock.advance(DUE_MS);
    return { b, server, ref, workers: twoProcesses(b, server.origin, 'strict') };
  }

  async function need(workers: Worker[], ref: AccountRef): Promise<TokenAnswer[]> {
    await Promise.all(workers.map((worker) => worker.give({ tokens: ref, times: NEEDS / 2 })));
    return tokensOf(workers);
  }

  test(`${NEEDS} needs are one call`, async () => {
    const { b, server, ref, workers } = await connected();
    const before = server.calls('/token');
    const answers = await need(workers, ref);
    const grant = await b.store.accounts.grant(ref);
    expect(answers).toEqual(Array(NEEDS).fill({ accessToken: grant?.token.accessToken }));
    expect(server.calls('/token') - before).toBe(1);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('an answer lost before the token was consumed costs one more call and nothing else', async () => {
    const { b, server, ref, workers } = await connected();
    const before = server.calls('/token');
    server.drop('before');
    const answers = await need(workers, ref);
    const grant = await b.store.accounts.grant(ref);
    expect(answers).toEqual(Array(NEEDS).fill({ accessToken: grant?.token.accessToken }));
    expect(server.calls('/token') - before).toBe(2);
    expect(await typesOf(b)).toEqual(['auth']);
  });

  test('an answer lost after the token was consumed is one retry and one connection_error', async () => {
    const { b, server, ref, workers } = await connected();
    const before = server.calls('/token');
    server.drop('after');
    const answers = await need(workers, ref);
    expect(answers).toEqual(Array(NEEDS).fill({ failed: 'needs_reconnecting' }));
    expect(server.calls('/token') - before).toBe(2);
    expect(await typesOf(b)).toEqual(['auth', 'connection_error']);
    await Promise.all(workers.map((worker) => worker.give({ due: true })));
    expect(await Promise.all(workers.map((worker) => worker.result()))).toEqual([{ due: 0 }, { due: 0 }]);
    expect(server.calls('/token') - before).toBe(2);
    expect(await b.store.accounts.byId(ref.environmentId, ref.accountId)).toMatchObject({
      state: 'needs_reconnecting',
    });
  });
});
