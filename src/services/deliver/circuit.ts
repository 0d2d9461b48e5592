/** Failures in a row after which a destination is left alone for a while. */
const THRESHOLD = 10;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Watches one destination. After ten failures in a row it opens: nothing is sent for a pause that doubles each time,
 * so no delivery spends an attempt on a host that is down. Then a single delivery probes; its success closes the
 * circuit. A `Retry-After` of an overloaded host pauses it likewise. It only ever delays. All times in milliseconds.
 */
export class Circuit {
  private failures = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private until = 0;

  /** How many sends may run at once, given how many could. */
  limit(concurrency: number, now: number): number {
    if (now < this.until) return 0;
    return this.failures < THRESHOLD ? concurrency : 1;
  }

  /** Nothing is sent before. 0: never paused. */
  get pausedUntil(): number {
    return this.until;
  }

  /** The host took a delivery. */
  succeeded(): void {
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** A send failed. True: this opened the circuit. Sends that were still running when it opened change nothing. */
  failed(now: number): boolean {
    this.failures += 1;
    if (this.failures < THRESHOLD || now < this.until) return false;
    this.until = now + this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    return true;
  }

  /** The host asked for time, of which it gets at most five minutes; the delivery itself may wait longer. */
  hold(seconds: number, now: number): void {
    this.until = Math.max(this.until, now + Math.min(seconds * 1000, LONGEST_PAUSE_MS));
  }
}
