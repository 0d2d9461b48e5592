import { unpackTwelveBits, unrolled } from './twelve-bits.ts';
import type { Message } from './values.ts';

/** Old foot pods: centimetres per second, and sixteenths of a metre that start again after 256 metres. */
const SPEED_SCALE = 100;
const DISTANCE_SCALE = 16;

/** Records with their compressed speed and distance written out (FIT profile, `compressed_speed_distance`). */
export function withCompressedDistance(records: Message[]): Message[] {
  let sixteenths: number | undefined;
  return records.map((record) => {
    const [speed, low] = unpackTwelveBits(record.compressed_speed_distance);
    if (speed === undefined || low === undefined) return record;
    sixteenths = sixteenths === undefined ? low : unrolled(sixteenths, low);
    return { speed: speed / SPEED_SCALE, distance: sixteenths / DISTANCE_SCALE, ...record };
  });
}
