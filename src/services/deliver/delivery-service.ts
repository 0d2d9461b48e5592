import type { LaneLease } from '../../core/lanes.ts';
import { DELIVERY_BACKOFF } from '../../lib/backoff.ts';
import { Gate } from './gate.ts';
import { LaneRun } from './lane-run.ts';
import type { DeliveryOptions, DeliveryPorts, LaneControl } from './ports.ts';
import { Targets } from './targets.ts';

export interface DeliveryService {
  /** Sends what is due in a leased lane until nothing is, or the destination is paused. Rejects when the store fails. */
  serve(lease: LaneLease, control: LaneControl): Promise<void>;
  /** Closes all senders. Call when no lane is served any more. */
  close(): Promise<void>;
}

/** The delivery engine: retries, order, concurrency and pauses are here; a destination only sends. */
export function createDeliveryService(options: DeliveryOptions): DeliveryService {
  const ports: DeliveryPorts = { ...options, backoff: options.backoff ?? DELIVERY_BACKOFF };
  const targets = new Targets(ports);
  const gates = new Map<string, Gate>();

  return {
    async serve(lease, control) {
      // The first row says whose lane it is, and with that whether it is an ordered one.
      const [first] = await ports.store.deliveries.due(lease, ports.clock.now(), 1, [], false);
      if (!first) return;
      const target = await targets.find(first.environmentId, first.destinationId);
      if (!target?.row.active) return;
      const gate = gates.get(target.row.id) ?? new Gate();
      gates.set(target.row.id, gate);
      const run = new LaneRun({ ports, targets, gate, lease, control, target });
      await run.run(target.row.ordered ? [] : [first]);
    },
    close: () => targets.close(),
  };
}
