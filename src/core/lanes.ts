/** Ordered work on Postgres: a lane is served by one worker at a time, under a lease that others take over when it runs out. */
export type LaneKind = 'normalise' | 'deliver';

export interface LaneLease {
  kind: LaneKind;
  laneId: string;
  /** Fences writes: a worker whose lease was taken over can no longer complete rows. */
  token: string;
  leasedUntil: Date;
}

export interface LaneQueue {
  /** Leases up to `limit` lanes that are due at `now`; expired leases of others are taken over. */
  claim(kind: LaneKind, now: Date, leaseMs: number, limit: number): Promise<LaneLease[]>;
  /** False: the lease was lost. */
  extend(lease: LaneLease, now: Date, leaseMs: number): Promise<boolean>;
  /** Gives the lane back; it sleeps until its next row is due, computed under the lane's lock. */
  release(lease: LaneLease, now: Date): Promise<void>;
}

/** A delivery may overtake its predecessor this long after the predecessor's first attempt. */
export const PREDECESSOR_GRACE_MS = 60_000;
