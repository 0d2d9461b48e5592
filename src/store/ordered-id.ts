import { formatUuid, parseUuid, uuid7 } from '../lib/ids.ts';

const MOST_IN_ONE_MS = 0xfff;
/** A clock that steps back by less than this goes on with the ids of before. */
const STEP_BACK_MS = 1_000;

/**
 * UUIDv7s that sort in the order in which this process makes them, also within one millisecond: the twelve bits after the
 * time count (RFC 9562 §6.2, method 1).
 */
export function createOrderedIds(): (at: Date) => string {
  let lastMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (at) => {
    const ms = at.getTime();
    if (ms > lastMs || lastMs - ms >= STEP_BACK_MS) {
      lastMs = ms;
      count = 0;
    } else if (count < MOST_IN_ONE_MS) {
      count += 1;
    } else {
      lastMs += 1;
      count = 0;
    }
    const bytes = parseUuid(uuid7(new Date(lastMs)));
    bytes[6] = 0x70 | (count >> 8);
    bytes[7] = count & 0xff;
    return formatUuid(bytes);
  };
}
