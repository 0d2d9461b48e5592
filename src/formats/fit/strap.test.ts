import fc from 'fast-check';
import { FitBaseType, FitEncoder, type FitEncoderField } from 'fit-file-parser/encoder';
import { expect, test } from 'vitest';
import { decodeFit } from './decode.ts';
import { bytes, chained, enumeration, fitSeconds, u8, u16, u32 } from './make-fit.fixture.ts';
import type { FitPoint } from './recording.ts';
import { TWELVE_BITS, unpackTwelveBits, unrolled } from './twelve-bits.ts';

const START = fitSeconds('2026-02-03T07:15:00Z');

/** A swim with a point each second; `rates` are the heart rates that the watch itself got, by second. */
function swim(strap: (encoder: FitEncoder) => void, rates: Record<number, number> = {}): Uint8Array {
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, 4), u16(1, 1)]);
  for (let second = 0; second < 8; second++) {
    encoder.writeMessage(20, [u32(253, START + second), u8(3, rates[second] ?? 0xff)]);
  }
  encoder.writeMessage(18, [u32(253, START + 8), u32(2, START), enumeration(5, 5), u32(7, 8_000)]);
  strap(encoder);
  return encoder.close();
}

function rates(...bpm: number[]): FitEncoderField {
  return { number: 6, size: bpm.length, baseType: FitBaseType.Uint8, value: Uint8Array.from(bpm) };
}

/** The strap's clock stands at `ticks` (1/1024 s) at this second of the recording. */
function clock(encoder: FitEncoder, second: number, ticks: number, bpm: number): void {
  encoder.writeMessage(132, [u32(253, START + second), u16(0, 0), u32(9, ticks), u8(6, bpm)], 1);
}

function pack(...values: number[]): number[] {
  const packed: number[] = [];
  for (let at = 0; at < values.length; at += 2) {
    const [a = 0, b = 0] = values.slice(at, at + 2);
    packed.push(a & 0xff, (a >> 8) | ((b & 0x0f) << 4), b >> 4);
  }
  return packed;
}

function pointsOf(file: Uint8Array): FitPoint[] {
  const decoded = decodeFit(file);
  if ('refused' in decoded) throw new Error(decoded.refused);
  expect(decoded.recordings).toHaveLength(1);
  return decoded.recordings[0]?.sessions[0]?.points ?? [];
}

const heartRates = (points: FitPoint[]) => points.map((point) => point.heartRate);

test('heart rates of a strap go to the points by time', () => {
  const file = swim((encoder) => {
    clock(encoder, 0, 3_000, 90);
    const ticks = [3_512, 4_024, 5_048, 5_100].map((tick) => tick % TWELVE_BITS);
    encoder.writeMessage(132, [rates(94, 98, 110, 112), bytes(10, ...pack(...ticks))], 2);
  });
  // 90 at 0 s; 94 at 0.5 s and 98 at 1 s; 110 at 2 s; 112 at 2.05 s
  expect(heartRates(pointsOf(file)).slice(0, 5)).toEqual([90, 96, 110, 112, undefined]);
});

test('what the watch measured itself stays', () => {
  const file = swim((encoder) => clock(encoder, 3, 3_000, 90), { 3: 131 });
  expect(heartRates(pointsOf(file))[3]).toBe(131);
});

test('heart rates from before the swim say nothing about its first point', () => {
  const file = swim((encoder) => clock(encoder, -30, 3_000, 60));
  expect(heartRates(pointsOf(file))[0]).toBeUndefined();
});

test('a chained part that only brings heart rates belongs to the recording before it', () => {
  const encoder = new FitEncoder();
  clock(encoder, 5, 77_000, 141);
  const points = pointsOf(
    chained(
      swim(() => {}),
      encoder.close(),
    ),
  );
  expect(heartRates(points)[5]).toBe(141);
});

test('a clock of twelve bits is unrolled', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: 0, max: TWELVE_BITS - 1 }), (previous, step) => {
      expect(unrolled(previous, (previous + step) % TWELVE_BITS)).toBe(previous + step);
    }),
  );
});

test('what is packed into twelve bits is unpacked again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(TWELVE_BITS - 1), fc.nat(TWELVE_BITS - 1))), (pairs) => {
      expect(unpackTwelveBits(pack(...pairs.flat()))).toEqual(pairs.flat());
    }),
  );
});

test('compressed speed and distance are written out over their overflow', () => {
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, 4), u16(1, 1)]);
  const metres = [0, 100, 255, 260, 510, 600];
  for (const [second, distance] of metres.entries()) {
    const packed = pack(250 + second, (distance * 16) % TWELVE_BITS);
    encoder.writeMessage(20, [u32(253, START + second), bytes(8, ...packed)]);
  }
  encoder.writeMessage(20, [u32(253, START + 6), bytes(8, 0xff, 0xff, 0xff)]);
  encoder.writeMessage(18, [u32(253, START + 6), u32(2, START), enumeration(5, 1), u32(7, 6_000)]);
  const points = pointsOf(encoder.close());
  expect(points.map((point) => point.distance)).toEqual([...metres, undefined]);
  expect(points.map((point) => point.speed)).toEqual([2.5, 2.51, 2.52, 2.53, 2.54, 2.55, undefined]);
});
