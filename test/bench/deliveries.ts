import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { Agent, request } from 'undici';
import { systemClock } from '../../src/core/clock.ts';
import type { NewDelivery, Store } from '../../src/core/store.ts';
import { loadDestinations } from '../../src/destinations/load.ts';
import { signBody } from '../../src/lib/signature.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { createOutboundHttp } from '../../src/outbound/guarded-http.ts';
import { createLaneQueue, lanesOn } from '../../src/queue/lanes.ts';
import { createPump } from '../../src/queue/pump.ts';
import { tasksOn } from '../../src/queue/tasks.ts';
import { createDeliveryService } from '../../src/services/deliver/delivery-service.ts';
import { defaultSettings } from '../../src/services/settings.ts';
import { startEmbedded } from '../../src/store/embedded/embedded.ts';
import { masterKeys } from '../../src/store/master-key.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createStore } from '../../src/store/store.ts';

/*
 * Durable webhook deliveries per second, against a bare loop of the same HTTP client that posts the same signed bodies
 * to the same sink in the same run. Events are stored beforehand; a delivery counts when the database has recorded it.
 * Run with `npx tsx test/bench/deliveries.ts [deliveries] [database url]`; prints the median of three rounds as JSON,
 * fails below LEAST. Sender, sink and database share the machine's cores.
 */
const COUNT = Number(process.argv[2] ?? 20_000);
const ROUNDS = 3;
const LEAST = 0.3;
const CONCURRENCY = 64;
const CONNECTIONS = 50;
const SECRET = 'secret-of-the-benchmark';
const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };

const sink = await startSink();
const database = await openDatabase(process.argv[3]);
const pool = new pg.Pool({ connectionString: database.url, max: 10 });
pool.on('error', () => {});
try {
  await migrate(pool);
  const store = createStore({
    pool,
    masterKeys: masterKeys(randomBytes(32)),
    extend: (client) => ({ lanes: lanesOn(client), tasks: tasksOn(client) }),
  });
  await bareLoop(sink.url, COUNT); // warms both ends up
  const rounds: { durablePerSecond: number; barePerSecond: number; ratio: number }[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const { environmentId, destinationId } = await seed(store, sink.url);
    await pool.query('analyze');
    const before = await bareLoop(sink.url, COUNT);
    const durablePerSecond = await deliverAll(store, environmentId, destinationId);
    const barePerSecond = (before + (await bareLoop(sink.url, COUNT))) / 2;
    rounds.push({ durablePerSecond, barePerSecond, ratio: durablePerSecond / barePerSecond });
  }
  const median = rounds.toSorted((a, b) => a.ratio - b.ratio)[Math.floor(ROUNDS / 2)];
  const figures = { deliveries: COUNT, bytes: body(0).length, ...median, rounds: rounds.map((round) => round.ratio) };
  console.log(
    JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)),
  );
  process.exitCode = (median?.ratio ?? 0) < LEAST ? 1 : 0;
} finally {
  await pool.end();
  await database.stop();
  sink.stop();
}

async function startSink(): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['--import', 'tsx', new URL('./sink.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: `http://127.0.0.1:${port}/`, stop: () => child.kill() };
}

async function openDatabase(url: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
  if (url) return { url, stop: async () => {} };
  const dataDir = await mkdtemp(join(tmpdir(), 'solum-bench-'));
  const server = await startEmbedded({ dataDir, log: () => {} });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A night of about 9 KB with samples, as compact JSON without `user`. */
function body(n: number): string {
  const samples = Array.from({ length: 175 }, (_, i) => ({
    bpm: 45 + ((n * 7 + i * 13) % 40),
    timestamp: new Date(1_772_300_000_000 + i * 60_000).toISOString(),
  }));
  const heart_rate_data = { detailed: { hr_samples: samples } };
  return JSON.stringify({
    type: 'sleep',
    version: '2022-03-16',
    data: [{ metadata: { summary_id: `night-${n}` }, heart_rate_data }],
  });
}

/** Posts per second. */
async function bareLoop(url: string, count: number): Promise<number> {
  const dispatcher = new Agent({ connections: CONCURRENCY, pipelining: 1 });
  const bodies = Array.from({ length: 100 }, (_, n) => Buffer.from(body(n)));
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < count) {
      const bytes = bodies[sent++ % bodies.length] ?? Buffer.alloc(0);
      const signature = signBody(bytes, [SECRET], Math.floor(Date.now() / 1000));
      const headers = { 'content-type': 'application/json', 'terra-signature': signature };
      const answer = await request(url, { method: 'POST', body: bytes, headers, dispatcher });
      await answer.body.dump();
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  const seconds = (performance.now() - startedAt) / 1000;
  await dispatcher.close();
  return count / seconds;
}

async function seed(store: Store, url: string): Promise<{ environmentId: string; destinationId: string }> {
  const now = systemClock.now();
  const { id: environmentId } = await store.environments.create({
    devId: `bench-${randomUUID()}`,
    name: 'Benchmark',
    kind: 'testing',
    settings: defaultSettings('testing'),
    signingSecret: SECRET,
    now,
  });
  const { id: destinationId } = await store.destinations.create({
    environmentId,
    type: 'webhook',
    config: { url },
    display: { url },
    eventTypes: undefined,
    ordered: false,
    secret: undefined,
    timeoutMs: 8_000,
    concurrency: CONCURRENCY,
    maxAttempts: 11,
    now,
  });
  const connections: string[] = [];
  for (let n = 0; n < CONNECTIONS; n += 1) connections.push(await addConnection(store, environmentId, now));
  for (let from = 0; from < COUNT; from += 500) {
    await store.transaction(async (tx) => {
      const deliveries: NewDelivery[] = [];
      for (let n = from; n < Math.min(from + 500, COUNT); n += 1) {
        const event = await tx.events.append(environmentId, {
          type: 'sleep',
          isData: true,
          connectionId: connections[n % CONNECTIONS],
          reference: randomUUID(),
          createdAt: now,
          orderingTimestamp: now.getTime(),
          body: body(n),
        });
        const ids = { eventId: event.id, destinationId, laneId: destinationId, traceId: randomUUID() };
        deliveries.push({ ...ids, dueAt: now, createdAt: now, afterId: undefined });
      }
      await tx.deliveries.create(environmentId, deliveries);
    });
  }
  return { environmentId, destinationId };
}

async function addConnection(store: Store, environmentId: string, now: Date): Promise<string> {
  const account = await store.accounts.upsert({
    environmentId,
    provider: 'EXAMPLE',
    providerUserId: randomUUID(),
    transport: 'sandbox',
    label: undefined,
    scopes: undefined,
    zone: undefined,
    memberId: randomUUID(),
    now,
  });
  const made = { environmentId, accountId: account.id, userId: randomUUID(), referenceId: undefined, now };
  return (await store.connections.create({ ...made, provider: 'EXAMPLE' })).id;
}

/** Wakes the lane and waits until the database holds no pending delivery. Deliveries per second. */
async function deliverAll(store: Store, environmentId: string, destinationId: string): Promise<number> {
  const http = createOutboundHttp({ guard: createGuard({ allowAddresses: [], allowLoopback: true }) });
  const destinations = await loadDestinations();
  const service = createDeliveryService({ store, clock: systemClock, log: quiet, destinations, http });
  let done: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    done = resolve;
  });
  const pump = createPump({
    kind: 'deliver',
    lanes: createLaneQueue(pool),
    clock: systemClock,
    log: quiet,
    concurrency: 8,
    async serve(lease, control) {
      await service.serve(lease, control);
      const [pending] = await store.deliveries.list(environmentId, { state: 'pending', limit: 1 });
      if (!pending) done();
    },
  });
  await store.lanes.wake('deliver', environmentId, [destinationId], systemClock.now());
  const startedAt = performance.now();
  pump.start();
  await ended;
  const seconds = (performance.now() - startedAt) / 1000;
  await pump.stop();
  await service.close();
  await http.close();
  return COUNT / seconds;
}
