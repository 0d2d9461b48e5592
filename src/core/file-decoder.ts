import type { FileFormat } from './provider.ts';

/** Decodes device files in a worker thread, bounded in memory and time. */
export interface FileDecoder {
  /** The format the bytes begin like, or undefined. */
  sniff(bytes: Uint8Array): FileFormat | undefined;
  /** Plain records of the file, or why it cannot be read. Never throws for what is in the bytes. */
  decode(format: FileFormat, bytes: Uint8Array): Promise<DecodedFile | { refused: string }>;
}

export interface DecodedFile {
  recordings: unknown[];
  warnings: string[];
}
