import { Worker } from 'node:worker_threads';
import type { Decoded, DecodeJob, WorkerMessage } from './decode-worker.ts';

/** A thread that cannot even start is given up after this long. */
const START_MS = 60_000;

/** A running thread that reads one file at a time. */
export interface Reader {
  /** The thread is gone: start another. */
  readonly ended: boolean;
  read(bytes: Uint8Array, timeoutMs: number): Promise<Decoded>;
  end(): Promise<void>;
}

/** Starts a thread whose heap may take `maxMemoryMb`. It keeps the process alive only while it reads. */
export function startReader(maxMemoryMb: number): Reader {
  const worker = startWorker(maxMemoryMb);
  let ended = false;
  /** Settles the wait in hand; undefined while the thread has nothing to do. */
  let settle: ((message: WorkerMessage) => void) | undefined;

  function wait(ms: number): Promise<WorkerMessage> {
    if (ended) return Promise.resolve({ refused: 'reading was stopped' });
    worker.ref();
    return new Promise((resolve) => {
      const timer = setTimeout(() => fail('the file takes too long to read'), ms);
      settle = (message) => {
        clearTimeout(timer);
        settle = undefined;
        worker.unref();
        resolve(message);
      };
    });
  }

  function fail(refused: string): void {
    ended = true;
    void worker.terminate();
    settle?.({ refused });
  }

  worker.on('message', (message: WorkerMessage) => settle?.(message));
  worker.on('error', (error) => fail(reasonOf(error)));
  worker.on('exit', () => fail('reading was stopped'));
  const started = wait(START_MS);

  return {
    get ended() {
      return ended;
    },
    async read(bytes, timeoutMs) {
      const start = await started;
      if ('refused' in start) return start;
      const answer = wait(timeoutMs);
      const copy = new Uint8Array(bytes); // the caller keeps its own; a Buffer's memory may hold other data
      const job: DecodeJob = { format: 'fit', bytes: copy };
      worker.postMessage(job, [copy.buffer]);
      const message = await answer;
      return 'ready' in message ? { refused: 'the file cannot be read' } : message;
    },
    async end() {
      fail('reading was stopped');
      await worker.terminate();
    },
  };
}

function startWorker(maxMemoryMb: number): Worker {
  const fromSource = import.meta.url.endsWith('.ts');
  const entry = fromSource ? './decode-worker-from-source.mjs' : './decode-worker.js';
  return new Worker(new URL(entry, import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb } });
}

function reasonOf(error: unknown): string {
  const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return outOfMemory ? 'the file takes too much memory to read' : 'the file cannot be read';
}
