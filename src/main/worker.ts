import { createLaneQueue } from '../queue/lanes.ts';
import { createPump } from '../queue/pump.ts';
import { createTick } from '../queue/tick.ts';
import type { App } from './app.ts';

export interface Worker {
  start(): void;
  /** Claims nothing new and lets what runs end. */
  stop(): Promise<void>;
}

const LANES_AT_ONCE = { deliver: 32, normalise: 4 };
const TICK_MS = 5_000;

/** The worker role: normalises and delivers from the lanes, and looks regularly for what has become due. */
export function createWorker(app: App): Worker {
  const { clock, log, engines, services, database } = app;
  const lanes = createLaneQueue(database.pool);
  const pump = (kind: 'deliver' | 'normalise') =>
    createPump({ kind, lanes, clock, log, concurrency: LANES_AT_ONCE[kind], serve: engines[kind].serve });
  const pumps = [pump('normalise'), pump('deliver')];
  const tick = createTick({
    everyMs: TICK_MS,
    clock,
    log,
    jobs: [
      { name: 'expire flows', run: () => services.connect.expire() },
      { name: 'refresh grants', run: () => engines.refresh.runDue() },
      { name: 'retry revokes', run: () => services.disconnect.retryRevokes() },
    ],
  });
  return {
    start() {
      for (const one of pumps) one.start();
      tick.start();
    },
    async stop() {
      await Promise.all([tick.stop(), ...pumps.map((one) => one.stop())]);
    },
  };
}
