import type { DataType } from './data-type.ts';

/** A normalised record as stored: summary and samples are separate sealed bodies. */
export interface NewPayload {
  connectionId: string;
  type: DataType;
  key: string;
  day: string;
  start: Date | undefined;
  end: Date | undefined;
  /** JSON text without samples. */
  summary: string;
  /** JSON text of the samples that were cut out, or undefined when there are none. */
  samples: string | undefined;
  /** Raw rows it was made from. */
  sources: string[];
  updatedAt: Date;
}

export interface PayloadFilter {
  connectionId: string;
  type: DataType;
  /** Local dates, half-open; or instants, half-open. */
  days?: { from: string; to: string | undefined };
  instants?: { from: Date; to: Date };
  withSamples: boolean;
}

export interface StoredPayload {
  key: string;
  day: string;
  summary: string;
  samples: string | undefined;
}
