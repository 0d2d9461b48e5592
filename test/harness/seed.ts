import { randomUUID } from 'node:crypto';
import { Value } from 'typebox/value';
import type { Account, Grant } from '../../src/core/account.ts';
import type { Connection } from '../../src/core/connection.ts';
import type { DestinationRow } from '../../src/core/destination.ts';
import type { Environment } from '../../src/core/environment.ts';
import type { Event, NewEvent } from '../../src/core/event.ts';
import type { LaneKind, LaneLease } from '../../src/core/lanes.ts';
import type { NewPayload } from '../../src/core/payload.ts';
import type { NewRaw } from '../../src/core/raw.ts';
import type { NewAccount, NewDelivery, NewDestination, Store } from '../../src/core/store.ts';
import { createLaneQueue } from '../../src/queue/lanes.ts';
import { environmentSettings } from '../../src/schema/environment-settings.ts';
import type { TestStore } from './store.ts';

/*
 * Complete nouns for tests, each with what it stands on. What a test does not name does not matter to it.
 */

export function seedEnvironment({ store, clock }: TestStore): Promise<Environment> {
  return store.environments.create({
    devId: `app-${randomUUID()}`,
    name: 'My app',
    kind: 'testing',
    settings: Value.Create(environmentSettings),
    signingSecret: 'first-signing-secret',
    now: clock.now(),
  });
}

export function newAccount(environmentId: string, now: Date, more: Partial<NewAccount> = {}): NewAccount {
  return {
    environmentId,
    provider: 'ACME',
    providerUserId: `person-${randomUUID()}`,
    transport: 'sandbox',
    label: 'ada@example.org',
    scopes: ['sleep', 'heart'],
    zone: 'Europe/Berlin',
    memberId: 'member-1',
    now,
    ...more,
  };
}

export function seedAccount({ store, clock }: TestStore, environmentId: string): Promise<Account> {
  return store.accounts.upsert(newAccount(environmentId, clock.now()));
}

export async function seedConnection(on: TestStore, environmentId: string, referenceId?: string): Promise<Connection> {
  const account = await seedAccount(on, environmentId);
  return connect(on, account, referenceId);
}

export function connect({ store, clock }: TestStore, account: Account, referenceId?: string): Promise<Connection> {
  return store.connections.create({
    environmentId: account.environmentId,
    accountId: account.id,
    userId: randomUUID(),
    referenceId,
    provider: account.provider,
    now: clock.now(),
  });
}

export function newGrant(more: Partial<Grant> = {}): Grant {
  return {
    token: { accessToken: 'access-token-1', refreshToken: 'refresh-token-1', scopes: ['sleep'] },
    ask: { region: 'eu' },
    version: 1,
    expiresAt: new Date('2026-03-01T13:00:00.000Z'),
    ...more,
  };
}

export function seedDestination(
  { store, clock }: TestStore,
  environmentId: string,
  more: Partial<NewDestination> = {},
): Promise<DestinationRow> {
  return store.destinations.create({
    environmentId,
    type: 'webhook',
    config: { url: 'https://app.example.org/hook?key=hidden' },
    display: { url: 'https://app.example.org/hook' },
    eventTypes: undefined,
    ordered: false,
    secret: undefined,
    timeoutMs: 10_000,
    concurrency: 4,
    maxAttempts: 10,
    now: clock.now(),
    ...more,
  });
}

export function newEvent(now: Date, more: Partial<NewEvent> = {}): NewEvent {
  return {
    type: 'auth',
    isData: false,
    connectionId: undefined,
    reference: randomUUID(),
    createdAt: now,
    orderingTimestamp: undefined,
    body: '{"status":"success"}',
    ...more,
  };
}

export function newDelivery(event: Event, destination: DestinationRow, more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    eventId: event.id,
    destinationId: destination.id,
    laneId: destination.id,
    traceId: randomUUID(),
    dueAt: event.createdAt,
    createdAt: event.createdAt,
    afterId: undefined,
    ...more,
  };
}

/** Appends the event and its delivery; answers the delivery's id. */
export async function seedDelivery(
  store: Store,
  destination: DestinationRow,
  event: NewEvent,
  more: Partial<NewDelivery> = {},
): Promise<string> {
  const appended = await store.events.append(destination.environmentId, event);
  const [id] = await store.deliveries.create(destination.environmentId, [newDelivery(appended, destination, more)]);
  if (id === undefined) throw new Error('the delivery was not made');
  return id;
}

/** Wakes the lane and leases it, as a worker does. */
export async function leaseLane(
  { store, pool, clock }: TestStore,
  kind: LaneKind,
  environmentId: string,
  laneId: string,
): Promise<LaneLease> {
  await store.lanes.wake(kind, environmentId, [laneId], clock.now());
  const leases = await createLaneQueue(pool).claim(kind, clock.now(), 60_000, 1_000);
  const lease = leases.find((one) => one.laneId === laneId);
  if (!lease) throw new Error('the lane was not free');
  return lease;
}

export function newRaw(connectionId: string, receivedAt: Date, more: Partial<NewRaw> = {}): NewRaw {
  return {
    connectionId,
    resource: 'sleep',
    identity: 'night-1',
    day: '',
    version: '1',
    body: Buffer.from('{"score":81}'),
    encoding: 'json',
    receivedAt,
    ...more,
  };
}

export function newPayload(connectionId: string, updatedAt: Date, more: Partial<NewPayload> = {}): NewPayload {
  return {
    connectionId,
    type: 'sleep',
    key: 'summary-1',
    day: '2026-02-28',
    start: new Date('2026-02-27T22:00:00.000Z'),
    end: new Date('2026-02-28T06:00:00.000Z'),
    summary: '{"duration":28800}',
    samples: '{"heart":[50,51]}',
    sources: [],
    updatedAt,
    ...more,
  };
}
