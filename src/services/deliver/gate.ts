import { Circuit } from './circuit.ts';

/** What all lanes of one destination share in this process: its circuit and how many sends are running. */
export class Gate {
  readonly circuit = new Circuit();
  private sending = 0;
  private readonly waiting = new Set<() => void>();

  /** Whether one more send may begin. */
  isOpen(concurrency: number, now: number): boolean {
    return this.sending < this.circuit.limit(concurrency, now);
  }

  begin(): void {
    this.sending += 1;
  }

  /** A place became free: tells everyone who serves a lane of this destination. */
  end(): void {
    this.sending -= 1;
    for (const step of this.waiting) step();
  }

  join(step: () => void): void {
    this.waiting.add(step);
  }

  leave(step: () => void): void {
    this.waiting.delete(step);
  }
}
