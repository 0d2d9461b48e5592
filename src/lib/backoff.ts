export interface Backoff {
  baseSeconds: number;
  capSeconds: number;
  /** Fraction, e.g. 0.1 for ±10 %. */
  jitter: number;
}

/** Webhook retries: 30 s, doubling, at most 8 h, ±10 %. */
export const DELIVERY_BACKOFF: Backoff = {
  baseSeconds: 30,
  capSeconds: 28_800,
  jitter: 0.1,
};

/**
 * Seconds to wait after failed try number `attempt` (1-based). `random` is in [0, 1).
 * A `retryAfter` asked for by the other side is honoured up to the cap.
 */
export function backoffSeconds(policy: Backoff, attempt: number, random: number, retryAfter?: number): number {
  const doubled = Math.min(policy.capSeconds, policy.baseSeconds * 2 ** Math.min(attempt - 1, 40));
  const spread = doubled * (1 + policy.jitter * (random * 2 - 1));
  return Math.max(spread, Math.min(retryAfter ?? 0, policy.capSeconds));
}
