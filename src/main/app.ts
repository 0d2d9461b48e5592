import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/store.ts';
import type { LoadedProviders } from '../providers/load.ts';
import type { Services } from '../services/services.ts';
import type { EnvironmentWatch } from '../store/environment-watch.ts';
import type { Database } from './database.ts';
import type { MasterKeySource } from './master-key.ts';
import type { Engines } from './services.ts';

/** Everything that is built once for a process, from the database up to the services. */
export interface App {
  config: Config;
  clock: Clock;
  log: Log;
  database: Database;
  /** How many were applied when it was opened. */
  migrations: number;
  masterKeys: MasterKeySource;
  store: Store;
  providers: LoadedProviders;
  services: Services;
  engines: Engines;
  /** Remembers API keys once it is started; servers start it, single commands do not. */
  keyWatch: EnvironmentWatch;
  /** Tells when a commit of this process has woken lanes; answers how to stop listening. */
  onWake(listener: () => void): () => void;
  /** Builds the HTTP server with everything it serves, not listening yet. */
  createHttp(): FastifyInstance;
  close(): Promise<void>;
}
