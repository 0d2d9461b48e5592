import { randomSecret } from '../lib/ids.ts';
import { createLaneTakeover } from '../queue/lane-takeover.ts';
import { createLaneQueue } from '../queue/lanes.ts';
import { createPump } from '../queue/pump.ts';
import { createTaskRunner } from '../queue/tasks.ts';
import { createTick } from '../queue/tick.ts';
import { sweepEnded } from '../store/retention.ts';
import type { App } from './app.ts';

export interface Worker {
  start(): Promise<void>;
  /** Claims nothing new and lets what runs end. */
  stop(): Promise<void>;
}

const LANES_AT_ONCE = { deliver: 32, normalise: 4 };
const TASKS_AT_ONCE = 2;
const TICK_MS = 5_000;
const RETENTION_EVERY_MS = 3_600_000;

/** The worker role: normalises and delivers from the lanes, runs tasks, and looks regularly for what has become due. */
export function createWorker(app: App): Worker {
  const { clock, log, engines, services } = app;
  const { pool } = app.database;
  const name = randomSecret(12).replaceAll('/', '_');
  const takeover = createLaneTakeover(pool, name, clock, log);
  const lanes = createLaneQueue(pool, name);
  const pump = (kind: 'deliver' | 'normalise') =>
    createPump({ kind, lanes, clock, log, concurrency: LANES_AT_ONCE[kind], serve: engines[kind].serve });
  const pumps = [pump('normalise'), pump('deliver')];
  const tasks = createTaskRunner({
    pool,
    clock,
    log,
    concurrency: TASKS_AT_ONCE,
    tasks: {
      retention: async () => {
        log.info({ rows: await sweepEnded(pool, clock.now()) }, 'ended sessions and flows were removed');
      },
    },
  });
  const tick = createTick({
    everyMs: TICK_MS,
    clock,
    log,
    jobs: [
      { name: 'take over lanes', run: () => takeover.sweep() },
      { name: 'expire flows', run: () => services.connect.expire() },
      { name: 'refresh grants', run: () => engines.refresh.runDue() },
      { name: 'retry revokes', run: () => services.disconnect.retryRevokes() },
      { name: 'begin retention', run: everyHour(app) },
    ],
  });
  let unwatch = () => {};
  return {
    async start() {
      await takeover.sweep();
      unwatch = app.onWake(() => {
        for (const one of pumps) one.nudge();
      });
      for (const one of pumps) one.start();
      await tasks.start();
      tick.start();
    },
    async stop() {
      unwatch();
      await Promise.all([tick.stop(), tasks.stop(), ...pumps.map((one) => one.stop())]);
      takeover.stop();
    },
  };
}

/** Adds the retention task when an hour has passed since this process last did; several processes make one of it. */
function everyHour(app: App): () => Promise<number> {
  let next = 0;
  return async () => {
    const now = app.clock.now().getTime();
    if (now < next) return 0;
    next = now + RETENTION_EVERY_MS;
    await app.store.tasks.add('retention', {}, { key: 'hourly' });
    return 1;
  };
}
