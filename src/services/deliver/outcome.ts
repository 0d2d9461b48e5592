import type { Attempt } from '../../core/destination.ts';
import type { DeliveryResult, DueDelivery } from '../../core/store.ts';
import { type Backoff, backoffSeconds } from '../../lib/backoff.ts';

export interface RetryPolicy {
  backoff: Backoff;
  /** Attempts in all, the first included. */
  maxAttempts: number;
  /** In [0, 1). */
  random: number;
  /** When the attempt began, and when it was over: waiting starts then. */
  at: Date;
  now: Date;
}

type Row = Pick<DueDelivery, 'environmentId' | 'id' | 'connectionId' | 'attempts'>;

/** How a delivery goes on after an attempt: done, tried again later, or dead. */
export function resultOf(row: Row, attempt: Attempt, policy: RetryPolicy): DeliveryResult {
  const { at, now } = policy;
  const number = row.attempts + 1;
  const again = attempt.outcome === 'retry' && number < policy.maxAttempts;
  const waitSeconds =
    attempt.outcome === 'retry' ? backoffSeconds(policy.backoff, number, policy.random, attempt.retryAfter) : 0;
  return {
    environmentId: row.environmentId,
    id: row.id,
    connectionId: row.connectionId,
    at,
    state: attempt.outcome === 'delivered' ? 'delivered' : again ? 'pending' : 'dead',
    dueAt: again ? new Date(now.getTime() + Math.round(waitSeconds * 1000)) : now,
    outcome: attempt.outcome,
    status: attempt.response?.status,
    reason: attempt.outcome === 'delivered' ? undefined : attempt.reason,
    responseText: attempt.response?.text || undefined, // an empty answer is none: nothing to seal
    durationMs: attempt.durationMs,
  };
}

/** A delivery that ends without an attempt, because there is nothing to send (any more). */
export function endedUnsent(row: Row, at: Date, reason: string): DeliveryResult {
  return {
    environmentId: row.environmentId,
    id: row.id,
    connectionId: row.connectionId,
    at,
    state: 'dead',
    dueAt: at,
    outcome: 'rejected',
    status: undefined,
    reason,
    responseText: undefined,
    durationMs: 0,
  };
}
