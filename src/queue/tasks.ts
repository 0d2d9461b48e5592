import { EventEmitter } from 'node:events';
import { type JobHelpers, Logger, run, runMigrations, type Task } from 'graphile-worker';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { TaskAdder } from '../core/store.ts';
import { failureFields } from './failure.ts';
import type { Queryable } from './lanes.ts';
import { watchCrashedRunners } from './task-takeover.ts';

const TASK_SCHEMA = 'graphile_worker';

/** The signal aborts when a stop has waited long enough: what the handler does after that may be done a second time. */
export type TaskHandler = (payload: Record<string, unknown>, signal: AbortSignal) => Promise<void>;

export interface TaskRunnerOptions {
  /** Needs `concurrency` connections and three more. */
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  /**
   * By name. A task that throws is tried again, up to 25 times with growing pauses; one whose process died is run again
   * by another, so every task must bear being run twice.
   */
  tasks: Record<string, TaskHandler>;
  /** Tasks at once, at least 1. */
  concurrency: number;
  /** How long `stop` waits for running tasks before it gives them back. Default 10 000. */
  stopMs?: number;
}

export interface TaskRunner {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** After the runner ended by itself, e.g. because the database went away. */
const RESTART_MS = 2_000;

/** Creates or updates the task tables. Safe to run by several processes at once. */
export async function migrateTasks(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, schema: TASK_SCHEMA, logger: new Logger(() => () => {}) });
}

/**
 * Adds tasks inside the client's transaction; on a pool, each by itself. A task is due at once, so it needs no clock. A
 * key is the task's own: one of the same name and key that still waits is replaced, one that runs is left to finish.
 */
export function tasksOn(client: Queryable): TaskAdder {
  return {
    async add(name, payload, options) {
      const key = options?.key === undefined ? null : `${name}:${options.key}`;
      await client.query(`select from ${TASK_SCHEMA}.add_job(identifier := $1, payload := $2::json, job_key := $3)`, [
        name,
        JSON.stringify(payload),
        key,
      ]);
    },
  };
}

/** Runs background tasks with graphile-worker on the given pool. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  let current: Promise<Running> | undefined;
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;

  async function begin(): Promise<void> {
    current = runTasks(options);
    const running = await current;
    void running.ended.then(() => {
      if (!stopping) beginLater();
    });
  }

  function beginLater(): void {
    restart = setTimeout(() => {
      begin().catch((error) => {
        options.log.error(failureFields(error), 'the task runner could not start, trying on');
        if (!stopping) beginLater();
      });
    }, RESTART_MS);
  }

  return {
    async start() {
      if (!current) await begin();
    },
    async stop() {
      stopping = true;
      clearTimeout(restart);
      const running = await current?.catch(() => undefined);
      await running?.stop();
    },
  };
}

interface Running {
  /** Resolves when it ended, for whatever reason. */
  ended: Promise<void>;
  /** Waits for running tasks up to `stopMs`. */
  stop(): Promise<void>;
}

async function runTasks(options: TaskRunnerOptions): Promise<Running> {
  const { pool, log, concurrency, stopMs = 10_000 } = options;
  const events = new EventEmitter();
  const watch = watchCrashedRunners(pool, log, events);
  const taskList = Object.fromEntries(
    Object.entries(options.tasks).map(([name, handler]) => [name, guardedTask(name, handler, options)]),
  );
  const runner = await run({
    pgPool: pool,
    schema: TASK_SCHEMA,
    taskList,
    concurrency,
    events,
    parsedCronItems: [],
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: stopMs,
    // In batches, if only of one: otherwise nobody waits for these writes at a stop, nor hears of their failure.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    logger: new Logger(() => (level, message, meta) => writeLog(log, level, message, meta)),
  }).catch(async (error) => {
    await watch.stop();
    throw error;
  });
  const ended = runner.promise.catch(() => {}).then(() => watch.stop());
  return {
    ended,
    async stop() {
      await runner.stop().catch(() => {}); // rejects only when it has stopped by itself
      await ended;
    },
  };
}

/** graphile-worker stores and logs the message of what a task throws, and a message may quote anything: it gets the kind only. */
function guardedTask(name: string, handler: TaskHandler, { clock, log }: TaskRunnerOptions): Task {
  return async (payload, { abortSignal }) => {
    const startedAt = clock.now().getTime();
    try {
      await Promise.race([handler(payload as Record<string, unknown>, abortSignal), stopped(abortSignal)]);
      log.debug({ task: name, ms: clock.now().getTime() - startedAt }, 'task done');
    } catch (error) {
      const fields = failureFields(error);
      if (abortSignal.aborted) log.warn({ task: name }, 'a task was given back because of a stop');
      else log.error({ task: name, ...fields }, 'a task failed');
      throw new Error(`${fields.error}${fields.code ? ` ${fields.code}` : ''}`);
    }
  };
}

/** graphile-worker waits for its tasks without a limit; what has not ended when the signal aborts is given back. */
function stopped(signal: NonNullable<JobHelpers['abortSignal']>): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')), { once: true });
  });
}

function writeLog(log: Log, level: string, message: string, meta: Record<string, unknown> | undefined): void {
  if (meta?.failure) return; // logged by the task itself
  if (level === 'error') log.error({ from: 'graphile-worker' }, message);
  else if (level === 'warning') log.warn({ from: 'graphile-worker' }, message);
}
