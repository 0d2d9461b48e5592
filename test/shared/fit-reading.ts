/**
 * An independent reading of a FIT recording, for comparing with what Solum makes of it. It shares no code with the
 * product and reads only what the comparison needs, straight from the bytes: session (18) and record (20) messages.
 */
export interface FitReading {
  startUnixSeconds: number;
  elapsedSeconds: number | undefined;
  timerSeconds: number | undefined;
  distanceMetres: number | undefined;
  kilocalories: number | undefined;
  averageHeartRate: number | undefined;
  maximumHeartRate: number | undefined;
  sport: number | undefined;
  heartRates: { unixSeconds: number; bpm: number }[];
}

interface FieldDefinition {
  number: number;
  size: number;
  base: number;
}
interface MessageDefinition {
  big: boolean;
  global: number;
  fields: FieldDefinition[];
  extraBytes: number;
}
type Values = Map<number, number>;

/** The sport of the changes between the parts of a multisport race. */
export const FIT_TRANSITION = 3;

const FIT_EPOCH = 631_065_600;
const INTEGERS: Record<number, { bytes: number; signed: boolean; invalid: number }> = {
  0: { bytes: 1, signed: false, invalid: 0xff },
  1: { bytes: 1, signed: true, invalid: 0x7f },
  2: { bytes: 1, signed: false, invalid: 0xff },
  10: { bytes: 1, signed: false, invalid: 0 },
  131: { bytes: 2, signed: true, invalid: 0x7fff },
  132: { bytes: 2, signed: false, invalid: 0xffff },
  139: { bytes: 2, signed: false, invalid: 0 },
  133: { bytes: 4, signed: true, invalid: 0x7fffffff },
  134: { bytes: 4, signed: false, invalid: 0xffffffff },
  140: { bytes: 4, signed: false, invalid: 0 },
};

/** Every session of the first FIT file in `bytes`, with the heart rates recorded within it. */
export function readSessions(bytes: Buffer): FitReading[] {
  const sessions: Values[] = [];
  const records: Values[] = [];
  for (const { global, values } of messages(bytes)) {
    if (global === 18) sessions.push(values);
    if (global === 20) records.push(values);
  }
  return sessions.map((session) => reading(session, records));
}

/** Which device wrote the first FIT file in `bytes`: manufacturer and product number of its file id (0) message. */
export function readDevice(bytes: Buffer): string | undefined {
  for (const { global, values } of messages(bytes)) {
    if (global === 0) return `${values.get(1)}/${values.get(2)}`;
  }
  return undefined;
}

/** Every heart rate of the first FIT file in `bytes`, also where the file breaks off before it says what it recorded. */
export function readHeartRates(bytes: Buffer): FitReading['heartRates'] {
  return heartRatesOf([...messages(bytes)].filter(({ global }) => global === 20).map(({ values }) => values));
}

function heartRatesOf(records: Values[]): FitReading['heartRates'] {
  return records
    .map((record) => ({ unixSeconds: (record.get(253) ?? 0) + FIT_EPOCH, bpm: record.get(3) }))
    .filter((row): row is { unixSeconds: number; bpm: number } => row.bpm !== undefined);
}

function reading(session: Values, records: Values[]): FitReading {
  const start = (session.get(2) ?? 0) + FIT_EPOCH;
  const elapsed = scaled(session.get(7), 1000);
  const end = start + (elapsed ?? 0);
  const heartRates = heartRatesOf(records).filter((row) => row.unixSeconds >= start && row.unixSeconds <= end);
  return {
    startUnixSeconds: start,
    elapsedSeconds: elapsed,
    timerSeconds: scaled(session.get(8), 1000),
    distanceMetres: scaled(session.get(9), 100),
    kilocalories: session.get(11),
    averageHeartRate: session.get(16),
    maximumHeartRate: session.get(17),
    sport: session.get(5),
    heartRates,
  };
}

function scaled(value: number | undefined, scale: number): number | undefined {
  return value === undefined ? undefined : value / scale;
}

function* messages(bytes: Buffer): Generator<{ global: number; values: Values }> {
  const header = bytes.readUInt8(0);
  const end = Math.min(bytes.length, header + bytes.readUInt32LE(4));
  const definitions = new Map<number, MessageDefinition>();
  let at = header;
  let clock = 0;
  while (at < end) {
    const lead = bytes.readUInt8(at++);
    if ((lead & 0xc0) === 0x40) {
      const read = definition(bytes, at, (lead & 0x20) !== 0);
      definitions.set(lead & 0x0f, read.definition);
      at = read.next;
      continue;
    }
    const compressed = (lead & 0x80) !== 0;
    const known = definitions.get(compressed ? (lead >> 5) & 3 : lead & 0x0f);
    if (!known) return;
    const length = known.fields.reduce((sum, field) => sum + field.size, known.extraBytes);
    if (at + length > end) return;
    const values = content(bytes, at, known);
    at += length;
    if (compressed) {
      const offset = lead & 0x1f;
      clock = (clock & ~0x1f) + offset + (offset < (clock & 0x1f) ? 0x20 : 0);
      values.set(253, clock);
    }
    clock = values.get(253) ?? clock;
    yield { global: known.global, values };
  }
}

function definition(bytes: Buffer, start: number, developer: boolean): { definition: MessageDefinition; next: number } {
  const big = bytes.readUInt8(start + 1) === 1;
  const global = big ? bytes.readUInt16BE(start + 2) : bytes.readUInt16LE(start + 2);
  const count = bytes.readUInt8(start + 4);
  let at = start + 5;
  const fields: FieldDefinition[] = [];
  for (let index = 0; index < count; index++, at += 3) {
    fields.push({ number: bytes.readUInt8(at), size: bytes.readUInt8(at + 1), base: bytes.readUInt8(at + 2) });
  }
  let extraBytes = 0;
  if (developer) {
    const extra = bytes.readUInt8(at++);
    for (let index = 0; index < extra; index++, at += 3) extraBytes += bytes.readUInt8(at + 1);
  }
  return { definition: { big, global, fields, extraBytes }, next: at };
}

function content(bytes: Buffer, start: number, known: MessageDefinition): Values {
  const values: Values = new Map();
  let at = start;
  for (const field of known.fields) {
    const type = INTEGERS[field.base];
    if (type && field.size === type.bytes) {
      const slice = Buffer.from(bytes.subarray(at, at + field.size));
      if (known.big) slice.reverse();
      const value = type.signed ? slice.readIntLE(0, type.bytes) : slice.readUIntLE(0, type.bytes);
      if (value !== type.invalid) values.set(field.number, value);
    }
    at += field.size;
  }
  return values;
}
