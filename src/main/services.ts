import type { Clock } from '../core/clock.ts';
import type { DestinationRegistry, OutboundHttp } from '../core/destination.ts';
import type { FileDecoder } from '../core/file-decoder.ts';
import type { Log } from '../core/log.ts';
import type { AddressMap, ProviderClient } from '../core/outbound.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import { createConnectService } from '../services/connect/connect.ts';
import { createDeliveryService, type DeliveryService } from '../services/deliver/delivery-service.ts';
import { createDestinationService } from '../services/destinations.ts';
import { createDisconnectService } from '../services/disconnect.ts';
import { createEnvironmentService } from '../services/environments.ts';
import { createEventService } from '../services/events.ts';
import { createImportService } from '../services/import.ts';
import { createIntegrationService } from '../services/integrations.ts';
import { createNormaliseService, type NormaliseService } from '../services/normalise.ts';
import { createOperatorService } from '../services/operators.ts';
import { createReadService } from '../services/read.ts';
import { createRefreshService, type RefreshService } from '../services/refresh.ts';
import type { Services } from '../services/services.ts';
import { createUserService } from '../services/users.ts';

export interface ServiceParts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  destinations: DestinationRegistry;
  client: ProviderClient;
  addresses: AddressMap;
  http: OutboundHttp;
  guard: { allows(address: string): boolean };
  decoder: FileDecoder;
  publicUrl: string;
  sandbox: boolean;
  productionRefused: string | undefined;
  /** Told after this process changed keys or settings. */
  environmentsChanged(): void;
}

/** What the worker role runs. */
export interface Engines {
  deliver: DeliveryService;
  normalise: NormaliseService;
  refresh: RefreshService;
}

/** Builds every service once; nothing in here does anything yet. */
export function createServices(parts: ServiceParts): { services: Services; engines: Engines } {
  const refresh = createRefreshService(parts);
  return {
    services: {
      environments: createEnvironmentService({ ...parts, changed: parts.environmentsChanged }),
      connect: createConnectService(parts),
      disconnect: createDisconnectService({ ...parts, refresh }),
      users: createUserService(parts),
      integrations: createIntegrationService(parts),
      destinations: createDestinationService(parts),
      events: createEventService(parts),
      importing: createImportService(parts),
      read: createReadService(parts),
      operators: createOperatorService(parts),
    },
    engines: {
      deliver: createDeliveryService(parts),
      normalise: createNormaliseService(parts),
      refresh,
    },
  };
}
