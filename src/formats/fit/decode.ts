import { createHash } from 'node:crypto';
import FitParser from 'fit-file-parser';
import { frameFit } from './frame.ts';
import { heartRateMessages } from './heart-rates.ts';
import { readRecording } from './read.ts';
import type { FitRecording } from './recording.ts';
import { type Message, rows } from './values.ts';

export type DecodedFit = { recordings: FitRecording[]; warnings: string[] } | { refused: string };

/**
 * Decodes the bytes of a FIT file, chained, truncated and damaged ones included; never throws for what is in them.
 * Synchronous and unbounded: run it in a worker for files that came from outside.
 */
export function decodeFit(bytes: Uint8Array): DecodedFit {
  const { frames, warnings } = frameFit(bytes);
  if (frames.length === 0) return { refused: 'this is not a FIT file' };
  const parts: Part[] = [];
  for (const [index, frame] of frames.entries()) {
    const messages = parse(frame.bytes);
    if ('refused' in messages) {
      warnings.push(`part ${index + 1} cannot be read: ${messages.refused}`);
      continue;
    }
    const sha256 = createHash('sha256').update(frame.bytes).digest('hex');
    addPart(parts, { parsed: messages.parsed, sha256, index, strap: heartRateMessages(messages.parsed) });
  }
  const recordings = parts.map(({ parsed, sha256, index, strap }) => readRecording(parsed, sha256, index, strap));
  warnings.push(...recordings.flatMap(doubts));
  if (recordings.length === 0) return { refused: warnings.at(-1) ?? 'nothing in the file can be read' };
  return { recordings, warnings };
}

interface Part {
  parsed: Message;
  sha256: string;
  index: number;
  strap: Message[];
}

/** A part that says nothing of itself and only brings heart rates continues the one before it. */
function addPart(parts: Part[], part: Part): void {
  const before = parts.at(-1);
  const continues = rows(part.parsed.file_ids).length === 0 && part.strap.length > 0;
  if (before && continues) before.strap = [...before.strap, ...part.strap];
  else parts.push(part);
}

/** Times below this count from when the device was switched on: its clock was not set (FIT profile, "date_time"). */
const FIRST_REAL_TIME_MS = (631_065_600 + 0x10000000) * 1000;

function doubts({ brokenOff, sessions }: FitRecording): string[] {
  const doubts: string[] = [];
  if (brokenOff) doubts.push('the recording was broken off; its totals were taken from its points');
  if (sessions.some((session) => session.startMs < FIRST_REAL_TIME_MS)) {
    doubts.push('the clock of the device was not set; the dates are wrong');
  }
  return doubts;
}

function parse(bytes: Uint8Array): { parsed: Record<string, unknown> } | { refused: string } {
  const parser = new FitParser({ force: true, mode: 'list', lengthUnit: 'm', speedUnit: 'm/s' });
  let outcome: { parsed: Record<string, unknown> } | { refused: string } = { refused: 'it has no content' };
  try {
    parser.parse(Buffer.from(bytes), (error, data) => {
      if (error) outcome = { refused: String(error) };
      else if (data) outcome = { parsed: data as unknown as Record<string, unknown> };
    });
  } catch {
    return { refused: 'its records are damaged' };
  }
  return outcome;
}
