import type { DataType } from '../../src/core/data-type.ts';
import type { Environment } from '../../src/core/environment.ts';
import type { LoadedProvider, Provider, ProviderRegistry } from '../../src/core/provider.ts';
import { type ClosableDecoder, createFileDecoder } from '../../src/formats/decoder.ts';
import file from '../../src/providers/file/manifest.ts';
import { createLaneQueue } from '../../src/queue/lanes.ts';
import { createImportService } from '../../src/services/import.ts';
import { createNormaliseService, type LaneControl, type NormaliseService } from '../../src/services/normalise.ts';
import { createReadService } from '../../src/services/read.ts';
import type { ImportService, ReadService } from '../../src/services/services.ts';
import { type RecordedLog, recordedLog } from './lane-fixture.ts';
import { seedEnvironment } from './seed.ts';
import { type TestStore, testStore } from './store.ts';

/** Import, normalisation and reads on a real database, which the tests of a file share. */
export interface DataRig extends TestStore {
  environment: Environment;
  /** Goes on in a new, empty environment. */
  begin(): Promise<void>;
  log: RecordedLog;
  decoder: ClosableDecoder;
  importing: ImportService;
  providers: ProviderRegistry;
  normalise: NormaliseService;
  read: ReadService;
  /** Serves lanes until nothing waits. */
  settle(control?: LaneControl): Promise<void>;
  /** Bodies of all events, oldest first. */
  events(type?: string): Promise<EventBody[]>;
  /** Types of all events, oldest first. */
  eventTypes(): Promise<string[]>;
}

export interface EventBody extends Record<string, unknown> {
  type: string;
  data?: unknown[];
}

export const RUNNING: LaneControl = { signal: new AbortController().signal, stopping: false };

export function registryOf(...providers: Provider[]): ProviderRegistry {
  const loaded: LoadedProvider[] = providers.map((provider) => ({ ...provider, simulated: false }));
  return {
    all: () => loaded,
    find: (code) => loaded.find((provider) => provider.id === code.toUpperCase()),
  };
}

export async function dataRig(...more: Provider[]): Promise<DataRig> {
  const on = await testStore();
  const log = recordedLog();
  const decoder = createFileDecoder();
  const ports = { store: on.store, clock: on.clock, log, decoder, providers: registryOf(file, ...more) };
  const normalise = createNormaliseService(ports);
  const lanes = createLaneQueue(on.pool);
  const listed = async () => (await on.store.events.list(rig.environment.id, { limit: 500 })).reverse();

  const rig: DataRig = {
    ...on,
    environment: await seedEnvironment(on),
    async begin() {
      await rig.settle();
      rig.environment = await seedEnvironment(on);
      log.lines.length = 0;
    },
    log,
    decoder,
    providers: ports.providers,
    normalise,
    importing: createImportService(ports),
    read: createReadService(ports),
    async settle(control = RUNNING) {
      for (;;) {
        const leases = await lanes.claim('normalise', on.clock.now(), 60_000, 10);
        if (leases.length === 0) return;
        for (const lease of leases) {
          await normalise.serve(lease, control);
          await lanes.release(lease, on.clock.now());
        }
        if (control.stopping || control.signal.aborted) return;
      }
    },
    async events(type) {
      const events = (await listed()).filter((event) => type === undefined || event.type === type);
      const bodies = await Promise.all(events.map((event) => on.store.events.body(rig.environment.id, event.id)));
      return bodies.map((body) => JSON.parse(body ?? 'null'));
    },
    eventTypes: async () => (await listed()).map((event) => event.type),
    async close() {
      await decoder.close();
      await on.close();
    },
  };
  return rig;
}

/** All stored payloads of a type, as a read with samples answers them. */
export async function stored(rig: DataRig, userId: string, type: DataType): Promise<unknown[]> {
  const query = { userId, startDate: undefined, endDate: undefined, withSamples: true };
  return (await rig.read.data(rig.environment, type, query)).data;
}
