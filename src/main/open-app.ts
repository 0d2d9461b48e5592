import { Refused } from '../cli/answer.ts';
import type { Config } from '../config.ts';
import { systemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/store.ts';
import { loadDestinations } from '../destinations/load.ts';
import { createFileDecoder } from '../formats/decoder.ts';
import { createGuard } from '../outbound/guard.ts';
import { createOutboundHttp } from '../outbound/guarded-http.ts';
import { createProviderClient } from '../outbound/provider-client.ts';
import { createAddressMap } from '../outbound/sandbox-address.ts';
import { type LoadedProviders, loadProviders } from '../providers/load.ts';
import { lanesOn } from '../queue/lanes.ts';
import { migrateTasks, tasksOn } from '../queue/tasks.ts';
import { createEnvironmentWatch, type EnvironmentWatch } from '../store/environment-watch.ts';
import { migrate } from '../store/migrate.ts';
import { createStore, type StoreOptions } from '../store/store.ts';
import type { App } from './app.ts';
import { openDatabase } from './database.ts';
import { buildServer } from './http.ts';
import { openMasterKeys } from './master-key.ts';
import { productionRefusal } from './production.ts';
import { createServices } from './services.ts';
import { createWakeBell } from './wake-bell.ts';

/** Opens and migrates the database and builds the process around it. Errors say what is wrong and what to do. */
export async function openApp(config: Config, log: Log): Promise<App> {
  const providers = await loadGiven(config, log);
  const masterKeys = openMasterKeys(config);
  const database = await openDatabase(config, log);
  try {
    const migrations = await migrate(database.pool, log);
    await migrateTasks(database.pool);
    return await build(config, log, { providers, masterKeys, database, migrations });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Loads the provider folders. A folder that cannot be used is input of the operator's: refused, with the reason. */
export function loadGiven(config: Config, log: Log): Promise<LoadedProviders> {
  return loadProviders({ log, ...(config.providersDir && { extra: config.providersDir }) }).catch((error: Error) => {
    throw new Refused(error.message);
  });
}

async function build(
  config: Config,
  log: Log,
  parts: Pick<App, 'providers' | 'masterKeys' | 'database' | 'migrations'>,
): Promise<App> {
  const { providers, masterKeys, database } = parts;
  const bell = createWakeBell();
  const watch = createEnvironmentWatch(database.pool, log);
  const store = bell.ringAfterCommit(
    rememberKeys(watch, {
      pool: database.pool,
      masterKeys,
      extend: (client) => ({ lanes: bell.watch(lanesOn(client)), tasks: tasksOn(client) }),
    }),
  );
  const production = (await store.environments.list()).some((environment) => environment.kind === 'production');
  const outbound = buildOutbound(config, log, production);
  const { services, engines } = createServices({
    store,
    clock: systemClock,
    log,
    providers,
    destinations: await loadDestinations(),
    ...outbound,
    publicUrl: config.publicUrl,
    sandbox: config.sandbox,
    productionRefused: productionRefusal(config),
    environmentsChanged: () => watch.forget(),
  });
  const app: App = {
    ...parts,
    config,
    clock: systemClock,
    log,
    store,
    services,
    engines,
    onWake: bell.onWake,
    keyWatch: watch,
    createHttp: () => buildServer(app, production),
    close: async () => {
      await Promise.allSettled([outbound.client.close(), outbound.http.close(), outbound.decoder.close()]);
      await engines.deliver.close();
      await database.close();
    },
  };
  return app;
}

/** The store, but for API keys that the watch remembers. */
function rememberKeys(watch: EnvironmentWatch, options: StoreOptions): Store {
  const store = createStore(options);
  const { environments } = store;
  const byApiKey = (hash: Uint8Array) => watch.byKey(hash, () => environments.byApiKey(hash));
  return { ...store, environments: { ...environments, byApiKey } };
}

/** What leaves the process: provider requests, deliveries, and the worker that decodes files. */
function buildOutbound(config: Config, log: Log, production: boolean) {
  const guard = createGuard({
    allowAddresses: config.allowAddresses,
    allowLoopback: config.loopback && !production,
  });
  return {
    guard,
    http: createOutboundHttp({ guard }),
    client: createProviderClient({
      guard,
      log,
      sandboxOrigin: () => (config.sandbox ? sandboxBase(config) : undefined),
    }),
    addresses: createAddressMap({ publicUrl: config.publicUrl }),
    decoder: createFileDecoder(),
  };
}

/** Where this process finds the simulated providers: beside itself when it listens here, else at the public address. */
function sandboxBase(config: Config): string {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return config.loopback ? `http://${host}:${config.port}/sandbox` : `${config.publicUrl}/sandbox`;
}
