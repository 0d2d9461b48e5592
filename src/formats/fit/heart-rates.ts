import type { FitPoint } from './recording.ts';
import { unpackTwelveBits, unrolled } from './twelve-bits.ts';
import { type Message, millis, number, rows } from './values.ts';

interface HeartRate {
  atMs: number;
  bpm: number;
}

/** Ticks of a strap's clock in a second. */
const TICKS = 1024;

/** Messages in which a chest strap hands over, after a swim, what it could not send under water. */
export function heartRateMessages(parsed: Message): Message[] {
  const { messages } = parsed;
  return messages !== null && typeof messages === 'object' ? rows((messages as Message).hr) : [];
}

/**
 * Heart rates of a strap in order of time (FIT profile, message `hr`). A message with a whole time says where the strap's
 * clock stands; the others give the low 12 bits of theirs, which start again every four seconds.
 */
export function readHeartRates(messages: Message[]): HeartRate[] {
  const found: HeartRate[] = [];
  let clock: { zeroMs: number; ticks: number } | undefined;
  for (const message of messages) {
    const rates = list(message.filtered_bpm);
    const started = startedClock(message);
    if (started) {
      clock = started;
      add(found, started, rates[0]);
      continue;
    }
    if (!clock) continue;
    for (const [index, low] of unpackTwelveBits(message.event_timestamp12).entries()) {
      const ticks = unrolled(clock.ticks, low);
      if (ticks === clock.ticks) continue; // the last message is filled up with its last time
      clock.ticks = ticks;
      add(found, clock, rates[index]);
    }
  }
  return found;
}

/** A strap that is older than this when a point is written says nothing about it. */
const FRESH_MS = 5_000;

/** Gives each point without a heart rate the mean of those since the point before it. */
export function withHeartRates(points: FitPoint[], heartRates: HeartRate[]): FitPoint[] {
  let next = 0;
  return points.map((point) => {
    let sum = 0;
    let count = 0;
    for (let rate = heartRates[next]; rate && rate.atMs <= point.atMs; rate = heartRates[next]) {
      next += 1;
      if (point.atMs - rate.atMs > FRESH_MS) continue;
      sum += rate.bpm;
      count += 1;
    }
    return point.heartRate !== undefined || count === 0 ? point : { ...point, heartRate: Math.round(sum / count) };
  });
}

function startedClock(message: Message): { zeroMs: number; ticks: number } | undefined {
  const whole = number(list(message.event_timestamp)[0]);
  const wallMs = millis(message.timestamp);
  if (whole === undefined || wallMs === undefined) return undefined;
  const fraction = number(message.fractional_timestamp) ?? 0;
  return { zeroMs: wallMs + (fraction - whole) * 1000, ticks: Math.round(whole * TICKS) };
}

function add(found: HeartRate[], clock: { zeroMs: number; ticks: number }, value: unknown): void {
  const bpm = number(value);
  if (bpm !== undefined && bpm > 0) found.push({ atMs: clock.zeroMs + (clock.ticks / TICKS) * 1000, bpm });
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
