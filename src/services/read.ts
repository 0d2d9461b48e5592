import type { Clock } from '../core/clock.ts';
import type { ConnectionWithAccount } from '../core/connection.ts';
import type { DataType } from '../core/data-type.ts';
import type { Environment } from '../core/environment.ts';
import type { PayloadFilter, StoredPayload } from '../core/payload.ts';
import { Problem } from '../core/problem.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import { type DateInput, parseDateInput } from '../lib/dates.ts';
import { zoneOffsetMinutes } from '../lib/time.ts';
import { mergeSamples } from '../schema/split-samples.ts';
import { announceLargeWindow, announceWindow } from './data-events.ts';
import type { ReadQuery, ReadService } from './services.ts';
import { findConnection } from './users.ts';
import { wireUser } from './wire-user.ts';

export interface ReadPorts {
  store: Store;
  clock: Clock;
  providers: ProviderRegistry;
}

/** Reads what is stored of one connection, into the answer or to the destinations. */
export function createReadService(ports: ReadPorts): ReadService {
  const { store, clock } = ports;
  return {
    async data(environment, type, query) {
      const connection = await find(ports, environment, type, query);
      return { user: wireUser(connection), data: await bodiesOf(ports, environment, connection, type, query) };
    },
    async request(environment, type, query, { reference, large }) {
      const connection = await find(ports, environment, type, query);
      const bodies = await bodiesOf(ports, environment, connection, type, query);
      const announceAll = large ? announceLargeWindow : announceWindow;
      await store.transaction((tx) => announceAll(tx, clock, connection, type, { bodies, reference }));
      return { user: wireUser(connection) };
    },
  };
}

async function find(
  { store, providers }: ReadPorts,
  environment: Environment,
  type: DataType,
  query: ReadQuery,
): Promise<ConnectionWithAccount> {
  const connection = await findConnection(store, environment, query.userId);
  if (!offers(providers, connection, type)) throw new Problem('data_type_unsupported');
  return connection;
}

async function bodiesOf(
  { store, clock }: ReadPorts,
  environment: Environment,
  connection: ConnectionWithAccount,
  type: DataType,
  query: ReadQuery,
): Promise<Body[]> {
  const stored = await store.payloads.list(environment.id, {
    connectionId: connection.id,
    type,
    ...spanOf(query, connection, clock),
    withSamples: query.withSamples || environment.settings.include_samples,
  });
  const bodies = stored.map(bodyOf).filter((body) => !isTombstone(type, body));
  return bodies.sort((a, b) => startOf(a) - startOf(b));
}

function offers(providers: ProviderRegistry, connection: ConnectionWithAccount, type: DataType): boolean {
  const provider = providers.find(connection.provider);
  return provider !== undefined && Object.hasOwn(provider.dataTypes, type);
}

/**
 * What the dates select. Two days: by the record's own local date, the end not included. As soon as one of them is an
 * instant: by the start, a day then being local midnight. No end: until now; no start: everything.
 */
function spanOf(
  { startDate, endDate }: ReadQuery,
  { account }: ConnectionWithAccount,
  clock: Clock,
): Pick<PayloadFilter, 'days' | 'instants'> {
  if (startDate === undefined) return {};
  const start = parsed(startDate, 'start_date');
  const end = endDate === undefined ? undefined : parsed(endDate, 'end_date');
  if (start.kind === 'day' && end?.kind !== 'instant') return { days: { from: start.day, to: end?.day } };
  const to = end === undefined ? clock.now() : instantIn(account.zone, end);
  return { instants: { from: instantIn(account.zone, start), to } };
}

function parsed(text: string, field: string): DateInput {
  const input = parseDateInput(text);
  if (!input) throw new Problem('bad_request', { detail: `invalid ${field}`, field });
  return input;
}

/** Midnight of a day in the person's zone, if it is known, else in UTC. */
function instantIn(zone: string | undefined, input: DateInput): Date {
  if (input.kind === 'instant') return input.at;
  const midnight = new Date(`${input.day}T00:00:00Z`);
  const offset = zone === undefined ? undefined : zoneOffsetMinutes(zone, midnight);
  return new Date(midnight.getTime() - (offset ?? 0) * 60_000);
}

interface Body extends Record<string, unknown> {
  metadata?: { start_time?: string; upload_type?: number; deleted?: boolean };
  timestamp?: string;
}

function bodyOf({ summary, samples }: StoredPayload): Body {
  return mergeSamples(JSON.parse(summary), samples === undefined ? undefined : JSON.parse(samples));
}

/** Withdrawn records are delivered once more as such, but never read (4 is a deletion, though not for sleep). */
function isTombstone(type: DataType, { metadata }: Body): boolean {
  return metadata?.deleted === true || (type === 'activity' && metadata?.upload_type === 4);
}

function startOf({ metadata, timestamp }: Body): number {
  return Date.parse(metadata?.start_time ?? timestamp ?? '') || 0;
}
