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
  private openUntil = 0;
  private probing = false;

  /** How many sends may run at once, given how many could. */
  limit(concurrency: number, now: number): number {
    if (now < this.openUntil) return 0;
    return this.failures < THRESHOLD ? concurrency : 1;
  }

  /** True while the one probe of a half-open circuit is under way: others wait for what it finds. */
  get busy(): boolean {
    return this.probing;
  }

  /** A send begins. */
  begin(): void {
    if (this.failures >= THRESHOLD) this.probing = true;
  }

  /** The host took a delivery. */
  succeeded(): void {
    this.probing = false;
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** A send failed. Answers until when to pause if this opened the circuit. */
  failed(now: number): number | undefined {
    const wasProbe = this.probing;
    this.probing = false;
    this.failures += 1;
    const opens = wasProbe || this.failures === THRESHOLD;
    if (!opens) return undefined;
    this.openUntil = now + this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    return this.openUntil;
  }

  /** A send ended without saying anything about the host. */
  undecided(): void {
    this.probing = false;
  }

  /** The host asked for time. Answers until when to pause, which is at most five minutes. */
  hold(seconds: number, now: number): number {
    this.openUntil = Math.max(this.openUntil, now + Math.min(seconds * 1000, LONGEST_PAUSE_MS));
    return this.openUntil;
  }

  get pausedUntil(): number {
    return this.openUntil;
  }
}
