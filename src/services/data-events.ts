import type { Clock } from '../core/clock.ts';
import type { Connection, ConnectionWithAccount } from '../core/connection.ts';
import type { DataType } from '../core/data-type.ts';
import { Problem } from '../core/problem.ts';
import type { Aggregates } from '../core/store.ts';
import type { EnvironmentSettings } from '../schema/environment-settings.ts';
import { stripSamples } from '../schema/split-samples.ts';
import { announce } from './fanout.ts';
import { wireUser } from './wire-user.ts';

type Body = Record<string, unknown>;

/** One event holds at most this much; a larger single record goes alone. */
const MOST_OBJECTS = 10;
const MOST_BYTES = 10_000_000;

const WIRE_VERSION = '2022-03-16';

const PROCESSING = 'Large request is being processed; payloads will be delivered when ready';
const SENDING = 'Large request payloads are being sent';

/** Tells the destinations about changed payloads of one type, in as few events as the limits allow. */
export async function announceData(
  tx: Aggregates,
  clock: Clock,
  connection: Pick<Connection, 'environmentId' | 'id'>,
  type: DataType,
  bodies: Body[],
): Promise<void> {
  const { include_samples: withSamples } = await settingsOf(tx, connection.environmentId);
  const told = withSamples ? bodies : bodies.map(stripSamples);
  for (const body of eventBodies(type, told)) await announceBody(tx, clock, connection, type, body);
}

/** A requested window of at most 28 days: exactly one event, whatever it holds. */
export async function announceWindow(
  tx: Aggregates,
  clock: Clock,
  connection: Connection,
  type: DataType,
  request: { bodies: Body[]; reference: string },
): Promise<void> {
  const body = type === 'athlete' ? athleteBody(request.bodies[0] ?? {}) : listBody(type, request.bodies);
  await announceBody(tx, clock, connection, type, body, { reference: request.reference });
}

/** A requested window of more: told twice what is coming, then chunks, each after the one before. */
export async function announceLargeWindow(
  tx: Aggregates,
  clock: Clock,
  connection: ConnectionWithAccount,
  type: DataType,
  request: { bodies: Body[]; reference: string },
): Promise<void> {
  const { reference } = request;
  const chunks = eventBodies(type, request.bodies);
  const user = wireUser(connection);
  const about = { isData: false, connectionId: connection.id, reference };
  const processing = await announce(tx, clock, connection.environmentId, {
    ...about,
    type: 'large_request_processing',
    body: { type: 'large_request_processing', status: 'processing', message: PROCESSING, reference, user },
  });
  const sending = await announce(tx, clock, connection.environmentId, {
    ...about,
    type: 'large_request_sending',
    afterEventId: processing.id,
    body: { type: 'large_request_sending', message: SENDING, reference, expected_payloads: chunks.length, user },
  });
  for (const [index, body] of chunks.entries()) {
    await announceBody(tx, clock, connection, type, body, { reference, chunk: index + 1, afterEventId: sending.id });
  }
}

async function announceBody(
  tx: Aggregates,
  clock: Clock,
  connection: Pick<Connection, 'environmentId' | 'id'>,
  type: DataType,
  body: Body,
  request: { reference?: string; chunk?: number; afterEventId?: string } = {},
): Promise<void> {
  await announce(tx, clock, connection.environmentId, {
    type,
    isData: true,
    connectionId: connection.id,
    body,
    orderingTimestamp: clock.now().getTime(),
    ...request,
  });
}

async function settingsOf(tx: Aggregates, environmentId: string): Promise<EnvironmentSettings> {
  const environment = await tx.environments.byId(environmentId);
  if (!environment) throw new Problem('not_found', { detail: 'the environment does not exist any more' });
  return environment.settings;
}

/** The stored bodies: without `user`, which is added when they are delivered. The profile of an athlete is no list. */
export function eventBodies(type: DataType, bodies: Body[]): Body[] {
  if (type === 'athlete') return bodies.map(athleteBody);
  return chunksOf(bodies).map((data) => listBody(type, data));
}

function athleteBody(athlete: Body): Body {
  return { type: 'athlete', athlete, version: WIRE_VERSION };
}

function listBody(type: DataType, data: Body[]): Body {
  return { type, data, version: WIRE_VERSION };
}

function chunksOf(bodies: Body[]): Body[][] {
  const chunks: Body[][] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(JSON.stringify(body));
    const chunk = chunks.at(-1);
    if (chunk && chunk.length < MOST_OBJECTS && bytes + size <= MOST_BYTES) {
      chunk.push(body);
      bytes += size;
    } else {
      chunks.push([body]);
      bytes = size;
    }
  }
  return chunks;
}
