import type pg from 'pg';
import type { Environment } from '../core/environment.ts';
import type { Log } from '../core/log.ts';

const CHANNEL = 'solum_environments';
/** How long an answer may be used although nothing was heard: the bound if a connection dies without a word. */
const KEPT_MS = 10_000;
const MOST_KEYS = 10_000;
const RETRY_MS = 1_000;

/**
 * Remembers which environment an API key belongs to, for as long as the database says that nothing changed: triggers on
 * keys and environments notify, and while nobody listens nothing is remembered. A key revoked by another process is
 * refused here as soon as its notice arrives.
 */
export interface EnvironmentWatch {
  start(): Promise<void>;
  stop(): void;
  /** The remembered environment of a key's hash, else what `load` answers. */
  byKey(hash: Uint8Array, load: () => Promise<Environment | undefined>): Promise<Environment | undefined>;
  /** Forgets everything: this process itself has changed a key or an environment. */
  forget(): void;
}

interface Remembered {
  environment: Environment;
  until: number;
}

export function createEnvironmentWatch(
  pool: pg.Pool,
  log: Log,
  monotonicMs: () => number = () => performance.now(),
): EnvironmentWatch {
  const remembered = new Map<string, Remembered>();
  let listening: pg.PoolClient | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  /** Counts changes: what was read before one must not be remembered after it. */
  let changes = 0;

  function forget(): void {
    changes += 1;
    remembered.clear();
  }

  function drop(): void {
    listening?.release(true);
    listening = undefined;
    forget();
    if (!stopped) timer = setTimeout(() => void listen(), RETRY_MS);
  }

  async function listen(): Promise<void> {
    try {
      const client = await pool.connect();
      client.on('error', drop);
      client.on('notification', forget);
      await client.query(`listen ${CHANNEL}`);
      if (stopped) return client.release(true);
      forget();
      listening = client;
    } catch {
      log.warn({}, 'changes of API keys are not heard, so every key is looked up');
      if (!stopped) timer = setTimeout(() => void listen(), RETRY_MS);
    }
  }

  return {
    start: listen,
    stop() {
      stopped = true;
      clearTimeout(timer);
      listening?.off('error', drop);
      listening?.release(true);
      listening = undefined;
      forget();
    },
    async byKey(hash, load) {
      const name = Buffer.from(hash).toString('base64');
      const known = remembered.get(name);
      if (known && known.until > monotonicMs()) return known.environment;
      const before = changes;
      const environment = await load();
      if (environment && listening && changes === before) {
        if (remembered.size >= MOST_KEYS) remembered.clear();
        remembered.set(name, { environment, until: monotonicMs() + KEPT_MS });
      }
      return environment;
    },
    forget,
  };
}
