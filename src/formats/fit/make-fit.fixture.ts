import { FitBaseType, FitEncoder, type FitEncoderField } from 'fit-file-parser/encoder';

/** Makes small FIT files for tests, from field numbers of the FIT profile. */

export const FIT_EPOCH_SECONDS = 631_065_600;

const NO_TIME = 0xffffffff;

export function u8(number: number, value: number): FitEncoderField {
  return { number, size: 1, baseType: FitBaseType.Uint8, value };
}

export function u16(number: number, value: number): FitEncoderField {
  return { number, size: 2, baseType: FitBaseType.Uint16, value };
}

export function u32(number: number, value: number): FitEncoderField {
  return { number, size: 4, baseType: FitBaseType.Uint32, value };
}

export function u32z(number: number, value: number): FitEncoderField {
  return { number, size: 4, baseType: FitBaseType.Uint32z, value };
}

export function enumeration(number: number, value: number): FitEncoderField {
  return { number, size: 1, baseType: FitBaseType.Enum, value };
}

export function bytes(number: number, ...values: number[]): FitEncoderField {
  return { number, size: values.length, baseType: FitBaseType.Byte, value: Uint8Array.from(values) };
}

export function string(number: number, value: string): FitEncoderField {
  const bytes = FitEncoder.string(value);
  return { number, size: bytes.length, baseType: FitBaseType.String, value: bytes };
}

/** Seconds of a FIT time field for an ISO instant. */
export function fitSeconds(iso: string): number {
  return Date.parse(iso) / 1000 - FIT_EPOCH_SECONDS;
}

export interface SmallFit {
  /** Seconds since the FIT epoch. */
  start?: number;
  /** Unit number of the device; 0 leaves it out (FIT profile: 0 is invalid for this type). */
  serial?: number;
  /** 4 activity, 2 settings, 9 weight… */
  fileType?: number;
  /** Minutes east of UTC; `none` writes no local time. */
  offsetMinutes?: number | 'none';
  /** Leaves out lap, session and activity, as in a recording that was broken off. */
  brokenOff?: boolean;
  sport?: number;
  heartRates?: number[];
  averageHeartRate?: number;
}

/** One short recording: a point each second, one lap, one session. */
export function smallFit(options: SmallFit = {}): Uint8Array {
  const { start = fitSeconds('2026-02-03T07:15:00Z'), serial = 3_141_592, fileType = 4, sport = 1 } = options;
  const { heartRates = [120, 124, 131], averageHeartRate = 125, offsetMinutes = 120 } = options;
  const end = start + heartRates.length;
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, fileType), u16(1, 1), u32z(3, serial), u32(4, start)]);
  if (fileType !== 4) return encoder.close();
  for (const [index, bpm] of heartRates.entries()) {
    encoder.writeMessage(20, [u32(253, start + index), u8(3, bpm), u32(5, (index + 1) * 310)]);
  }
  if (options.brokenOff) return encoder.close();
  encoder.writeMessage(19, [u32(253, end), u32(2, start), u32(7, heartRates.length * 1000)]);
  encoder.writeMessage(18, [
    u32(253, end),
    u32(2, start),
    enumeration(5, sport),
    u32(7, heartRates.length * 1000),
    u32(8, heartRates.length * 1000),
    u32(9, heartRates.length * 310),
    u16(11, 7),
    u8(16, averageHeartRate),
  ]);
  const local = offsetMinutes === 'none' ? NO_TIME : end + offsetMinutes * 60;
  encoder.writeMessage(34, [u32(253, end), u16(1, 1), u32(5, local)]);
  return encoder.close();
}

/** FIT files one behind the other, as some devices write them. */
export function chained(...files: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(files));
}

/**
 * A file that is well-formed and slow to read: every point is looked for in every session. Under half a megabyte,
 * thousands of millions of steps.
 */
export function slowFit(): Uint8Array {
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, 4), u16(1, 1)]);
  for (let index = 0; index < 40_000; index++) encoder.writeMessage(20, [u32(253, 1_000_000_000 + index)]);
  for (let index = 0; index < 40_000; index++) encoder.writeMessage(18, [u32(2, 900_000_000 + index)]);
  return encoder.close();
}

/** A file of many points, each of which takes far more memory when read than in the file. */
export function bigFit(points: number): Uint8Array {
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [enumeration(0, 4), u16(1, 1)]);
  for (let index = 0; index < points; index++) encoder.writeMessage(20, [u32(253, 1_000_000_000 + index), u8(3, 99)]);
  return encoder.close();
}
