import type { Clock } from '../core/clock.ts';
import type { DataType } from '../core/data-type.ts';
import type { Aggregates } from '../core/store.ts';
import { announce } from './fanout.ts';

type Body = Record<string, unknown>;

/** One event holds at most this much; a larger single record goes alone. */
const MOST_OBJECTS = 10;
const MOST_BYTES = 10_000_000;

const WIRE_VERSION = '2022-03-16';

/** Tells the destinations about changed payloads of one type, in as few events as the limits allow. */
export async function announceData(
  tx: Aggregates,
  clock: Clock,
  environmentId: string,
  connectionId: string,
  type: DataType,
  bodies: Body[],
): Promise<void> {
  for (const body of eventBodies(type, bodies)) {
    await announce(tx, clock, environmentId, {
      type,
      isData: true,
      connectionId,
      body,
      orderingTimestamp: clock.now().getTime(),
    });
  }
}

/** The stored bodies: without `user`, which is added when they are delivered. The profile of an athlete is no list. */
export function eventBodies(type: DataType, bodies: Body[]): Body[] {
  if (type === 'athlete') return bodies.map((athlete) => ({ type, athlete, version: WIRE_VERSION }));
  return chunksOf(bodies).map((data) => ({ type, data, version: WIRE_VERSION }));
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
