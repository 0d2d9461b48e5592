import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { AddressMap, ProviderClient } from '../../core/outbound.ts';
import type { ProviderRegistry } from '../../core/provider.ts';
import type { Store } from '../../core/store.ts';

/** What connecting needs from the rest of the process. */
export interface ConnectPorts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  client: ProviderClient;
  addresses: AddressMap;
  /** Origin under which browsers and providers reach us, without a path. */
  publicUrl: string;
  /** Whether simulated providers may be connected. */
  sandbox: boolean;
}

/** Seconds that a link, and then each attempt, may take. */
export const LINK_SECONDS = 900;
