import type { Attempt, Delivery } from '../../core/destination.ts';
import type { LaneLease } from '../../core/lanes.ts';
import type { DueDelivery } from '../../core/store.ts';
import { BatchSize } from './batch-size.ts';
import { Completions } from './completions.ts';
import type { Gate } from './gate.ts';
import { endedUnsent, resultOf } from './outcome.ts';
import type { DeliveryPorts, LaneControl } from './ports.ts';
import { type Prepared, type PreparePorts, prepare } from './prepare.ts';
import type { Target, Targets } from './targets.ts';
import { Users } from './users.ts';

/** While sends are running and nothing more was due, look for new rows this often. */
const LOOK_AGAIN_MS = 250;
/** Full batches that may be ahead of the sends when another is fetched: the database answers while they are sent. */
const AHEAD = 2;

export interface RunOptions {
  ports: DeliveryPorts;
  targets: Targets;
  gate: Gate;
  lease: LaneLease;
  control: LaneControl;
  target: Target;
}

/**
 * One serving of one lane: keeps as many sends running as the destination takes, refills while they run, writes results
 * in batches, and ends when nothing is due, the destination is paused, or the lane is given up. Driven by events: every
 * end of a send, a fetch or a write takes a step.
 */
export class LaneRun {
  private ready: Prepared[] = [];
  /** Taken from the lane and not yet recorded. */
  private readonly held = new Set<string>();
  private readonly size = new BatchSize();
  private readonly completions: Completions;
  private readonly rendering: PreparePorts;
  private readonly options: RunOptions;
  private target: Target;
  private sending = 0;
  private fetching = false;
  /** Rows that are being rendered. */
  private preparing = 0;
  private exhausted = false;
  /** A send was ended by the signal: whether it arrived is not known. */
  private cutShort = false;
  private stopped = false;
  private error: { cause: unknown } | undefined;
  private lookAgain: NodeJS.Timeout | undefined;
  private finish: (() => void) | undefined;

  constructor(options: RunOptions) {
    this.options = options;
    this.target = options.target;
    const { store } = options.ports;
    this.rendering = { store, lease: options.lease, users: new Users(store, options.target.row.environmentId) };
    this.completions = new Completions({
      store: options.ports.store,
      lease: options.lease,
      environmentId: options.target.row.environmentId,
      onDone: (ids) => this.recorded(ids),
      onError: (error) => this.fail(error),
    });
  }

  /** Serves the lane, beginning with rows that were already taken. Rejects when the store fails. */
  async run(taken: DueDelivery[]): Promise<void> {
    const { gate, targets } = this.options;
    targets.hold(this.target);
    gate.join(this.step);
    try {
      const ended = new Promise<void>((resolve) => {
        this.finish = resolve;
      });
      if (taken.length > 0) void this.fetch(async () => taken);
      else this.step();
      await ended;
      if (this.error) throw this.error.cause;
      if (this.completions.idle && !this.cutShort) await this.completions.thaw();
      await this.completions.close();
    } finally {
      gate.leave(this.step);
      targets.release(this.target);
      clearTimeout(this.lookAgain);
    }
  }

  private readonly step = (): void => {
    const { control, gate, ports } = this.options;
    const now = ports.clock.now().getTime();
    if (control.stopping || control.signal.aborted || gate.circuit.limit(1, now) === 0) this.stopped = true;
    while (!this.stopped && gate.isOpen(this.target.row.concurrency, now)) {
      const next = this.ready.shift();
      if (!next) break;
      void this.send(next);
    }
    if (this.wantsMore()) void this.fetch(() => this.due());
    if (this.isOver()) this.finish?.();
  };

  private wantsMore(): boolean {
    if (this.stopped || this.fetching || this.exhausted) return false;
    if (this.target.row.ordered) return this.held.size === 0;
    return this.ready.length + this.preparing <= this.size.current * AHEAD;
  }

  private isOver(): boolean {
    if (this.sending > 0 || this.preparing > 0 || this.fetching) return false;
    if (this.error) return true;
    if (this.options.control.lost) return true;
    return this.completions.idle && (this.stopped || (this.exhausted && this.ready.length === 0));
  }

  private due(): Promise<DueDelivery[]> {
    const { ports, lease } = this.options;
    const { ordered } = this.target.row;
    const limit = ordered ? 1 : this.size.current;
    return ports.store.deliveries.due(lease, ports.clock.now(), limit, [...this.held], ordered);
  }

  private async fetch(take: () => Promise<DueDelivery[]>): Promise<void> {
    this.fetching = true;
    try {
      const asked = this.size.current;
      const rows = await take();
      const bytes = rows.reduce((sum, row) => sum + (row.body?.length ?? 0), 0);
      this.size.taken(rows.length, bytes, performance.now());
      this.exhausted = rows.length < asked;
      for (const row of rows) this.held.add(row.id);
      if (rows.length > 0) void this.prepare(rows);
      if (this.exhausted && this.held.size > 0) this.scheduleLook();
    } catch (error) {
      this.fail(error);
    }
    this.fetching = false;
    this.step();
  }

  private async prepare(rows: DueDelivery[]): Promise<void> {
    const { ports } = this.options;
    this.preparing += rows.length;
    try {
      if (await this.refreshTarget()) {
        const now = ports.clock.now();
        const { prepared, unsendable, batch } = await prepare(this.rendering, this.target.settings, rows);
        if (batch) this.completions.expect(batch);
        for (const { row, reason } of unsendable) this.completions.add(endedUnsent(row, now, reason));
        this.ready.push(...prepared);
      }
    } catch (error) {
      this.fail(error);
    }
    this.preparing -= rows.length;
    this.step();
  }

  /** False: the destination was removed or switched off; its deliveries wait. */
  private async refreshTarget(): Promise<boolean> {
    const { targets } = this.options;
    const { environmentId, id } = this.target.row;
    const target = await targets.find(environmentId, id);
    if (!target?.row.active) {
      this.stopped = true;
      return false;
    }
    if (target !== this.target) {
      targets.hold(target);
      targets.release(this.target);
      this.target = target;
    }
    return true;
  }

  private async send(item: Prepared): Promise<void> {
    const { gate, ports, control } = this.options;
    const { row, body } = item;
    this.sending += 1;
    gate.begin();
    const at = ports.clock.now();
    const attempt = await this.attempt(row, body, at);
    if (attempt.outcome !== 'delivered' && control.signal.aborted) this.cutShort = true;
    else this.record(item, attempt, at);
    this.sending -= 1;
    gate.end();
  }

  /** A sender that throws has a fault of its own; the delivery is tried again like any other that failed. */
  private async attempt(row: DueDelivery, body: Buffer, at: Date): Promise<Attempt> {
    const { ports, control } = this.options;
    try {
      const [attempt] = await this.target.sender.sender.send([this.delivery(row, body, at)], control.signal);
      if (attempt) return attempt;
    } catch (error) {
      const { name } = error as Error;
      ports.log.error({ destination: row.destinationId, delivery: row.id, error: name }, 'a destination threw');
    }
    return { deliveryId: row.id, durationMs: 0, outcome: 'retry', reason: 'the destination failed unexpectedly' };
  }

  private delivery(row: DueDelivery, body: Buffer, at: Date): Delivery {
    const { id, eventId, type, traceId, reference, orderingTimestamp } = row;
    const { devId, secrets } = this.target;
    const now = Math.floor(at.getTime() / 1000);
    return { id, eventId, type, traceId, reference, devId, orderingTimestamp, body, secrets, now };
  }

  private record({ row, frozen }: Prepared, attempt: Attempt, at: Date): void {
    const { ports } = this.options;
    const now = ports.clock.now();
    const { maxAttempts } = this.target.row;
    const random = ports.random?.() ?? Math.random();
    const result = resultOf(row, attempt, { backoff: ports.backoff, maxAttempts, random, at, now });
    if (result.state === 'pending') result.frozen = frozen?.user;
    this.completions.add(result, frozen?.batch);
    if (attempt.outcome === 'delivered') {
      this.options.gate.circuit.succeeded();
      if (row.isData && row.connectionId !== undefined) this.completions.touch(row.connectionId, now);
      return;
    }
    this.judge(attempt, now);
    if (result.state === 'dead') {
      const { destinationId: destination, id: delivery } = row;
      ports.log.warn({ destination, delivery, reason: attempt.reason }, 'a delivery is dead');
    }
  }

  /** Pauses the destination when it is down or asks for time; the pause is stored, so that lanes sleep through it. */
  private judge(attempt: Exclude<Attempt, { outcome: 'delivered' }>, now: Date): void {
    const { gate, ports } = this.options;
    const overloaded = attempt.response?.status === 429 || attempt.response?.status === 503;
    const opened = gate.circuit.failed(now.getTime());
    const asked = attempt.outcome === 'retry' && overloaded ? attempt.retryAfter : undefined;
    if (asked !== undefined && asked > 0) gate.circuit.hold(asked, now.getTime());
    if (!opened && !asked) return;
    const { environmentId, id } = this.target.row;
    const until = new Date(gate.circuit.pausedUntil);
    ports.log.warn({ destination: id, until, reason: attempt.reason }, 'a destination is paused');
    ports.store.destinations.pause(environmentId, id, until).catch((error) => this.fail(error));
  }

  private recorded(ids: string[]): void {
    for (const id of ids) this.held.delete(id);
    this.exhausted = false;
    this.step();
  }

  private scheduleLook(): void {
    this.lookAgain ??= setTimeout(() => {
      this.lookAgain = undefined;
      this.exhausted = false;
      this.step();
    }, LOOK_AGAIN_MS);
  }

  private fail(error: unknown): void {
    this.error ??= { cause: error };
    this.stopped = true;
    this.step();
  }
}
