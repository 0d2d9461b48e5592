import { number } from './values.ts';

/** What 12 bits can count before they start again. */
export const TWELVE_BITS = 0x1000;

/**
 * Two numbers of 12 bits in each three bytes, the low bits first (FIT profile, "byte" components). Such a field is
 * missing only if all of its bytes are 255; the parser takes each of them for missing.
 */
export function unpackTwelveBits(bytes: unknown): number[] {
  if (!Array.isArray(bytes) || bytes.every((byte) => number(byte) === undefined)) return [];
  const values: number[] = [];
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.slice(at, at + 3).map((byte) => number(byte) ?? 0xff);
    values.push(a | ((b & 0x0f) << 8), (b >> 4) | (c << 4));
  }
  return values;
}

/** The next value of a counter of which only the low 12 bits are known. */
export function unrolled(previous: number, low: number): number {
  return previous + ((low - (previous % TWELVE_BITS) + TWELVE_BITS) % TWELVE_BITS);
}
