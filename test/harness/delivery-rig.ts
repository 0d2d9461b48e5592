import { randomBytes, randomUUID } from 'node:crypto';
import type { ConnectionWithAccount } from '../../src/core/connection.ts';
import type { DestinationRow } from '../../src/core/destination.ts';
import type { Environment } from '../../src/core/environment.ts';
import type { Event, EventType } from '../../src/core/event.ts';
import type { Store } from '../../src/core/store.ts';
import { loadDestinations } from '../../src/destinations/load.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { createOutboundHttp, type GuardedHttp } from '../../src/outbound/guarded-http.ts';
import { createLaneQueue, lanesOn } from '../../src/queue/lanes.ts';
import { tasksOn } from '../../src/queue/tasks.ts';
import { createDeliveryService, type DeliveryService } from '../../src/services/deliver/delivery-service.ts';
import type { LaneControl } from '../../src/services/deliver/ports.ts';
import { type Announcement, announce } from '../../src/services/fanout.ts';
import { defaultSettings } from '../../src/services/settings.ts';
import { masterKeys } from '../../src/store/master-key.ts';
import { createStore } from '../../src/store/store.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { type RecordedLog, recordedLog } from './lane-fixture.ts';

/** The delivery engine on a real database, with a clock that stands still between moves. */
export interface DeliveryRig {
  database: TestDatabase;
  store: Store;
  clock: FakeClock;
  log: RecordedLog;
  http: GuardedHttp;
  environment: Environment;
  /** A second process, as far as anything in memory goes. */
  engine(): DeliveryService;
  addDestination(url: string, more?: Partial<DestinationRow> & { secret?: string }): Promise<DestinationRow>;
  addConnection(referenceId?: string): Promise<ConnectionWithAccount>;
  announce(announcement: Partial<Announcement> & { type: EventType }): Promise<Event>;
  /** Serves lanes until none is due at the clock's present time. Answers how many servings it took. */
  serve(service?: DeliveryService): Promise<number>;
  /** Moves the clock and serves. */
  later(seconds: number): Promise<number>;
  close(): Promise<void>;
}

export const IDLE: LaneControl = { signal: new AbortController().signal, lost: false, stopping: false };
export const SIGNING_SECRET = 'secret-of-the-environment';

export async function deliveryRig(): Promise<DeliveryRig> {
  const database = await freshDatabase();
  const clock = fakeClock();
  const log = recordedLog();
  const store = createStore({
    pool: database.pool,
    masterKeys: masterKeys(randomBytes(32)),
    extend: (client) => ({ lanes: lanesOn(client), tasks: tasksOn(client) }),
  });
  const http = createOutboundHttp({ guard: createGuard({ allowAddresses: [], allowLoopback: true }) });
  const destinations = await loadDestinations();
  const lanes = createLaneQueue(database.pool);
  const environment = await store.environments.create({
    devId: `dev-${randomUUID()}`,
    name: 'Delivery',
    kind: 'testing',
    settings: defaultSettings('testing'),
    signingSecret: SIGNING_SECRET,
    now: clock.now(),
  });
  const engines: DeliveryService[] = [];
  const engine = (): DeliveryService => {
    const made = createDeliveryService({ store, clock, log, destinations, http, random: () => 0.5 });
    engines.push(made);
    return made;
  };
  const main = engine();

  async function serve(service = main): Promise<number> {
    for (let served = 0; ; ) {
      const leases = await lanes.claim('deliver', clock.now(), 60_000, 100);
      if (leases.length === 0) return served;
      served += leases.length;
      if (served > 1_000) throw new Error('lanes are served again and again');
      await Promise.all(
        leases.map(async (lease) => {
          await service.serve(lease, IDLE);
          await lanes.release(lease, clock.now());
        }),
      );
    }
  }

  return {
    database,
    store,
    clock,
    log,
    http,
    environment,
    engine,
    serve,
    addDestination: (url, { secret, ...more } = {}) =>
      store.destinations.create({
        environmentId: environment.id,
        type: 'webhook',
        config: { url },
        display: { url },
        eventTypes: undefined,
        ordered: false,
        timeoutMs: 1_000,
        concurrency: 16,
        maxAttempts: 11,
        secret,
        now: clock.now(),
        ...more,
      }),
    addConnection: (referenceId) => addConnection(store, environment, clock, referenceId),
    announce: ({ type, ...more }) =>
      store.transaction((tx) =>
        announce(tx, clock, environment.id, {
          type,
          isData: false,
          connectionId: undefined,
          body: { type, status: 'success' },
          ...more,
        }),
      ),
    async later(seconds) {
      clock.advance(seconds * 1_000);
      return serve();
    },
    async close() {
      await Promise.all(engines.map((made) => made.close()));
      await http.close();
      await database.close();
    },
  };
}

async function addConnection(
  store: Store,
  environment: Environment,
  clock: FakeClock,
  referenceId: string | undefined,
): Promise<ConnectionWithAccount> {
  const environmentId = environment.id;
  const now = clock.now();
  const account = await store.accounts.upsert({
    environmentId,
    provider: 'EXAMPLE',
    providerUserId: randomUUID(),
    transport: 'sandbox',
    label: undefined,
    scopes: ['sleep', 'heart'],
    zone: undefined,
    memberId: randomUUID(),
    now,
  });
  const { id } = await store.connections.create({
    environmentId,
    accountId: account.id,
    userId: randomUUID(),
    referenceId,
    provider: 'EXAMPLE',
    now,
  });
  const connection = await store.connections.byId(environmentId, id);
  if (!connection) throw new Error('the connection was not stored');
  return connection;
}
