import type { Decoded } from './decode-worker.ts';
import { isFit } from './fit/frame.ts';
import { type Reader, startReader } from './reader.ts';

const LARGEST_FILE_BYTES = 64 * 1024 * 1024;

export interface DecoderOptions {
  /** Memory that reading one file may take. Default 256. */
  maxMemoryMb?: number;
  /** Time that reading one file may take. Default 20 000. */
  timeoutMs?: number;
}

export interface ClosableDecoder {
  /** The format the bytes begin like, or undefined. */
  sniff(bytes: Uint8Array): 'fit' | undefined;
  /** Plain records of the file, or why it cannot be read. Never throws for what is in the bytes. */
  decode(format: 'fit' | 'tcx' | 'gpx', bytes: Uint8Array): Promise<Decoded>;
  /** Ends the thread; files that still wait are refused. */
  close(): Promise<void>;
}

/**
 * Reads device files in one worker thread, bounded in memory and time. Files are read one after the other; a thread that
 * a file brought down is replaced for the next one.
 */
export function createFileDecoder(options: DecoderOptions = {}): ClosableDecoder {
  const { maxMemoryMb = 256, timeoutMs = 20_000 } = options;
  let reader: Reader | undefined;
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();

  async function read(bytes: Uint8Array): Promise<Decoded> {
    if (closed) return { refused: 'reading was stopped' };
    if (!reader || reader.ended) reader = startReader(maxMemoryMb);
    return reader.read(bytes, timeoutMs);
  }

  return {
    sniff: (bytes) => (isFit(bytes) ? 'fit' : undefined),
    async decode(format, bytes) {
      if (format !== 'fit') return { refused: `${format.toUpperCase()} files cannot be read` };
      if (bytes.length > LARGEST_FILE_BYTES) return { refused: 'the file is larger than 64 MB' };
      const decoded = queue.then(() => read(bytes));
      queue = decoded;
      return decoded;
    },
    async close() {
      closed = true;
      await reader?.end();
      await queue;
    },
  };
}
