import { fitCrc } from './crc.ts';
import { wholeRecordsEnd } from './walk.ts';

/** One FIT file out of the bytes that were given; several may be chained one behind the other. */
export interface FitFrame {
  /** A self-contained FIT file: header (with the length that is really there) and records. */
  bytes: Uint8Array;
  checksum: 'ok' | 'wrong' | 'missing';
  truncated: boolean;
}

export interface FramedFit {
  frames: FitFrame[];
  warnings: string[];
}

const SIGNATURE = Buffer.from('.FIT');
const SHORTEST_HEADER = 12;

/** Whether the bytes begin like a FIT file. */
export function isFit(bytes: Uint8Array): boolean {
  return headerSize(bytes, 0) !== undefined;
}

/** Splits chained files, cuts a truncated tail behind its last whole record and checks checksums (FIT protocol). */
export function frameFit(given: Uint8Array): FramedFit {
  const bytes = new Uint8Array(given); // a Buffer's slice would share its memory
  const frames: FitFrame[] = [];
  const warnings: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = headerSize(bytes, at);
    if (size === undefined) {
      warnings.push(`${bytes.length - at} bytes behind the recording were ignored`);
      break;
    }
    const { frame, next } = readFrame(bytes, at, size);
    frames.push(frame);
    if (frame.truncated) warnings.push('the file ends early; what is whole was read');
    else if (frame.checksum === 'wrong') warnings.push('the checksum is wrong; the file may be damaged');
    at = next;
  }
  return { frames, warnings };
}

function headerSize(bytes: Uint8Array, at: number): number | undefined {
  const size = bytes[at];
  if ((size !== 12 && size !== 14) || at + SHORTEST_HEADER > bytes.length) return undefined;
  return SIGNATURE.equals(bytes.subarray(at + 8, at + 12)) ? size : undefined;
}

function readFrame(bytes: Uint8Array, at: number, size: number): { frame: FitFrame; next: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataEnd = at + size + view.getUint32(at + 4, true);
  if (dataEnd > bytes.length) {
    const end = wholeRecordsEnd(bytes, at + size, bytes.length);
    return { frame: { bytes: cut(bytes, at, size, end), checksum: 'missing', truncated: true }, next: bytes.length };
  }
  if (dataEnd + 2 > bytes.length) {
    return { frame: { bytes: bytes.slice(at, dataEnd), checksum: 'missing', truncated: false }, next: bytes.length };
  }
  const given = view.getUint16(dataEnd, true);
  const checksum = given === fitCrc(bytes, at, dataEnd) ? 'ok' : 'wrong';
  return { frame: { bytes: bytes.slice(at, dataEnd + 2), checksum, truncated: false }, next: dataEnd + 2 };
}

/** The frame with the data size in its header corrected to what is there. */
function cut(bytes: Uint8Array, at: number, size: number, end: number): Uint8Array {
  const copy = bytes.slice(at, Math.max(end, at + size));
  new DataView(copy.buffer).setUint32(4, copy.length - size, true);
  return copy;
}
