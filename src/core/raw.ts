/** A record as the provider sent it: the inbox of normalisation. */
export interface NewRaw {
  connectionId: string;
  resource: string;
  identity: string;
  /** Local day for series; empty for records and snapshots. */
  day: string;
  /** Orders copies of one record. */
  version: string;
  /** JSON text, or file bytes where the resource has a `decode`. */
  body: Uint8Array;
  encoding: 'json' | 'fit' | 'tcx' | 'gpx';
  receivedAt: Date;
}

export interface RawRecord extends NewRaw {
  environmentId: string;
  id: string;
  deleted: boolean;
}

/** Names one state of a row: every change of its content changes one of these. */
export type RawVersion = Pick<RawRecord, 'connectionId' | 'id' | 'version' | 'receivedAt'>;
