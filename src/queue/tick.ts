import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { failureFields } from './failure.ts';

export interface TickJob {
  name: string;
  /**
   * Does what has become due and answers how much that was. Several processes may run it at once: it claims its rows,
   * so that doing it twice does no harm.
   */
  run: () => Promise<number>;
}

export interface TickOptions {
  everyMs: number;
  clock: Clock;
  log: Log;
  jobs: TickJob[];
}

export interface Tick {
  /** The first round begins at once. */
  start(): void;
  /** Begins nothing more and waits for what runs. */
  stop(): Promise<void>;
}

/**
 * Looks regularly for what has become due. In this process a job never overlaps itself; a slow one is left out of the
 * rounds it misses, and one that fails neither stops the others nor its own next round.
 */
export function createTick(options: TickOptions): Tick {
  const running = new Map<TickJob, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  function round(): void {
    for (const job of options.jobs) {
      if (running.has(job)) continue;
      running.set(
        job,
        runJob(options, job).finally(() => running.delete(job)),
      );
    }
  }

  return {
    start() {
      if (timer) return;
      timer = setInterval(round, options.everyMs);
      round();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await Promise.all(running.values());
    },
  };
}

async function runJob({ clock, log }: TickOptions, job: TickJob): Promise<void> {
  const startedAt = clock.now().getTime();
  try {
    const count = await job.run();
    if (count > 0) log.debug({ job: job.name, count, ms: clock.now().getTime() - startedAt }, 'tick');
  } catch (error) {
    log.error({ job: job.name, ...failureFields(error) }, 'a tick job failed');
  }
}
