/** Bytes that a data message takes, by local message type. */
type Lengths = Map<number, number>;

/**
 * The offset behind the last whole record in `bytes[start, end)`: record headers and definition messages are followed,
 * contents are not read (FIT protocol, "Record Format").
 */
export function wholeRecordsEnd(bytes: Uint8Array, start: number, end: number): number {
  const lengths: Lengths = new Map();
  let at = start;
  while (at < end) {
    const next = behindRecord(bytes, at, end, lengths);
    if (next === undefined) return at;
    at = next;
  }
  return at;
}

/** Undefined: the record is not whole, or uses a message that was never defined. */
function behindRecord(bytes: Uint8Array, at: number, end: number, lengths: Lengths): number | undefined {
  const header = bytes[at] ?? 0;
  const isDefinition = (header & 0xc0) === 0x40;
  if (isDefinition) return behindDefinition(bytes, at, end, lengths);
  const local = (header & 0x80) !== 0 ? (header >> 5) & 0x03 : header & 0x0f;
  const length = lengths.get(local);
  if (length === undefined || at + 1 + length > end) return undefined;
  return at + 1 + length;
}

function behindDefinition(bytes: Uint8Array, at: number, end: number, lengths: Lengths): number | undefined {
  const header = bytes[at] ?? 0;
  if (at + 6 > end) return undefined;
  const fields = sumOfSizes(bytes, at + 6, bytes[at + 5] ?? 0, end);
  if (!fields) return undefined;
  const hasDeveloperFields = (header & 0x20) !== 0;
  if (!hasDeveloperFields) {
    lengths.set(header & 0x0f, fields.sum);
    return fields.next;
  }
  if (fields.next + 1 > end) return undefined;
  const developer = sumOfSizes(bytes, fields.next + 1, bytes[fields.next] ?? 0, end);
  if (!developer) return undefined;
  lengths.set(header & 0x0f, fields.sum + developer.sum);
  return developer.next;
}

/** Field definitions are three bytes each; the second is the size. */
function sumOfSizes(
  bytes: Uint8Array,
  start: number,
  count: number,
  end: number,
): { sum: number; next: number } | undefined {
  const next = start + count * 3;
  if (next > end) return undefined;
  let sum = 0;
  for (let at = start; at < next; at += 3) sum += bytes[at + 1] ?? 0;
  return { sum, next };
}
