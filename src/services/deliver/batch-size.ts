const SMALLEST = 1;
const FIRST = 8;
const LARGEST = 128;
/** Bodies of one batch may take about this much memory. */
const BYTES = 16 * 1024 * 1024;
/** A batch that lasted longer than this is not followed by a larger one: what waits here is rendered and ages. */
const SHORT_MS = 250;

/**
 * How many rows to take at once: few while bodies are large or the receiver is slow, many when they fly.
 * Starts with eight and doubles up to 128.
 */
export class BatchSize {
  private size = FIRST;
  private takenAt = Number.NEGATIVE_INFINITY;

  get current(): number {
    return this.size;
  }

  /** A batch was taken: its number of rows, their bytes in all, and milliseconds of a steady clock. */
  taken(rows: number, bytes: number, at: number): void {
    const quick = at - this.takenAt < SHORT_MS;
    this.takenAt = at;
    if (rows < this.size) return;
    const grown = quick ? this.size * 2 : this.size;
    const fitting = bytes === 0 ? LARGEST : Math.floor((BYTES * rows) / bytes);
    this.size = Math.max(SMALLEST, Math.min(grown, fitting, LARGEST));
  }
}
