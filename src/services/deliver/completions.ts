import type { LaneLease } from '../../core/lanes.ts';
import type { DeliveryResult, Store } from '../../core/store.ts';
import type { FrozenTogether } from './prepare.ts';

const BATCH = 100;
const WAIT_MS = 5;
/** `last_webhook_update` of connections is brought up to date this often, and at the end. */
const TOUCH_MS = 1_000;

export interface CompletionOptions {
  store: Store;
  lease: LaneLease;
  environmentId: string;
  /** These are recorded. */
  onDone(ids: string[]): void;
  onError(error: unknown): void;
}

/** Collects results and writes them in batches: when a hundred wait, or five milliseconds after the first. */
export class Completions {
  private waiting: DeliveryResult[] = [];
  /** Frozen batches that still wait for results. */
  private readonly open = new Set<FrozenTogether>();
  /** Frozen batches of which the last result waits. */
  private ended: string[] = [];
  private writing = false;
  private timer: NodeJS.Timeout | undefined;
  private touched = new Set<string>();
  private lastArrival = new Date(0);
  private touchedAt = 0;
  private readonly options: CompletionOptions;

  constructor(options: CompletionOptions) {
    this.options = options;
  }

  get idle(): boolean {
    return this.waiting.length === 0 && !this.writing;
  }

  add(result: DeliveryResult, batch?: FrozenTogether): void {
    this.waiting.push(result);
    if (batch) {
      batch.left -= 1;
      if (batch.left === 0) {
        this.open.delete(batch);
        this.ended.push(batch.id);
      }
    }
    if (!this.writing) this.schedule();
  }

  /** Results of these first attempts will follow. */
  expect(batch: FrozenTogether): void {
    this.open.add(batch);
  }

  /** Every attempt that was made is recorded: what is still expected was not tried, and may be rendered anew. */
  async thaw(): Promise<void> {
    const ids = [...this.open].map((batch) => batch.id);
    this.open.clear();
    if (ids.length > 0) await this.options.store.deliveries.thaw(this.options.lease, ids);
  }

  /** Data of the connection arrived at `at`. */
  touch(connectionId: string, at: Date): void {
    this.touched.add(connectionId);
    if (at > this.lastArrival) this.lastArrival = at;
  }

  /** Writes the last touches; results that still wait are given up. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.waiting = [];
    await this.writeTouches();
  }

  private schedule(): void {
    if (this.waiting.length >= BATCH) void this.write();
    else if (this.waiting.length > 0) this.timer ??= setTimeout(() => void this.write(), WAIT_MS);
  }

  private async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = true;
    const batch = this.waiting.splice(0);
    const ended = this.ended.splice(0);
    try {
      await this.options.store.deliveries.complete(this.options.lease, batch, ended);
      if (performance.now() - this.touchedAt >= TOUCH_MS) await this.writeTouches();
    } catch (error) {
      this.writing = false;
      this.options.onError(error);
      return;
    }
    this.writing = false;
    this.schedule();
    this.options.onDone(batch.map((result) => result.id));
  }

  private async writeTouches(): Promise<void> {
    const ids = [...this.touched];
    this.touched.clear();
    this.touchedAt = performance.now();
    if (ids.length > 0) await this.options.store.connections.touch(this.options.environmentId, ids, this.lastArrival);
  }
}
