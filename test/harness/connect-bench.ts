import type { Environment, EnvironmentKind } from '../../src/core/environment.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { LoadedProvider, Provider, ProviderRegistry } from '../../src/core/provider.ts';
import type { Store } from '../../src/core/store.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { createProviderClient } from '../../src/outbound/provider-client.ts';
import { createAddressMap } from '../../src/outbound/sandbox-address.ts';
import type { EnvironmentSettings } from '../../src/schema/environment-settings.ts';
import { createConnectService } from '../../src/services/connect/connect.ts';
import { createDisconnectService } from '../../src/services/disconnect.ts';
import { createEnvironmentService } from '../../src/services/environments.ts';
import { createRefreshService } from '../../src/services/refresh.ts';
import type { CallbackInput, Onward } from '../../src/services/services.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { oauthProvider, testProvider } from './oauth-provider.ts';
import { type TestStore, testStore } from './store.ts';

export const PUBLIC_URL = 'https://us.example';

export interface BenchOptions {
  /** Default: `testProvider` alone. All are simulated. */
  providers?: Provider[];
  settings?: Partial<EnvironmentSettings>;
  kind?: EnvironmentKind;
  sandbox?: boolean;
  /** Whether the provider goes on taking refresh tokens that it has replaced. */
  grace?: boolean;
  clock?: FakeClock;
  /** A store that several benches share, each with an environment of its own. Default: a new database. */
  store?: Store;
}

export type ConnectBench = Awaited<ReturnType<typeof connectBench>>;

/** Everything of a connection's life over a real database, a real HTTP client and a provider on this machine. */
export async function connectBench(options: BenchOptions = {}) {
  const clock = options.clock ?? fakeClock();
  const own = options.store ? undefined : await testStore();
  const store = options.store ?? (own as TestStore).store;
  const provider = await oauthProvider({ grace: options.grace ?? false });
  let origin = provider.origin;
  const logged: LogFields[] = [];
  const log = collectingLog(logged);
  const client = createProviderClient({
    guard: createGuard({ allowAddresses: [], allowLoopback: true }),
    sandboxOrigin: () => origin,
    log,
  });
  const providers = registryOf(options.providers ?? [testProvider]);
  const environment = await newEnvironment(store, clock, options);
  const refresh = createRefreshService({ store, clock, log, providers, client });
  const addresses = createAddressMap({ publicUrl: PUBLIC_URL });
  const ports = { store, clock, log, providers, client };
  const connect = createConnectService({
    ...ports,
    addresses,
    publicUrl: PUBLIC_URL,
    sandbox: options.sandbox ?? true,
  });
  const disconnect = createDisconnectService({ ...ports, refresh });
  return {
    ...ports,
    connect,
    disconnect,
    refresh,
    environment,
    provider,
    logged,
    /** From now on another server stands in for all hosts. */
    reach(other: string) {
      origin = other;
    },
    events: () => eventsOf(store, environment.id),
    async close() {
      await client.close();
      await provider.close();
      await own?.close();
    },
  };
}

/** Providers as they are after loading. */
export function registryOf(manifests: Provider[], simulated = true): ProviderRegistry {
  const loaded = manifests
    .map((manifest): LoadedProvider => ({ ...manifest, simulated }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    all: () => loaded,
    find: (code) => loaded.find(({ id, aliases }) => [id, ...(aliases ?? [])].includes(code.toUpperCase())),
  };
}

async function newEnvironment(store: Store, clock: FakeClock, options: BenchOptions): Promise<Environment> {
  const environments = createEnvironmentService({ store, clock, productionRefused: undefined });
  const { environment } = await environments.create({ name: 'Bench', kind: options.kind ?? 'testing' });
  const settings = { ...environment.settings, ...options.settings };
  await store.environments.saveSettings(environment.id, settings);
  for (const { id } of options.providers ?? [testProvider]) {
    const made = { client_id: `client-${environment.id}`, client_secret: 'good-secret' };
    await store.providerChoices.sandboxCredentials(environment.id, id, () => made);
  }
  return { ...environment, settings };
}

/** Bodies of all events, oldest first. */
async function eventsOf(store: Store, environmentId: string): Promise<Record<string, unknown>[]> {
  const events = await store.events.list(environmentId, { limit: 200 });
  const bodies = await Promise.all(events.reverse().map((event) => store.events.body(environmentId, event.id)));
  return bodies.map((body) => JSON.parse(body ?? 'null'));
}

function collectingLog(lines: LogFields[]): Log {
  const add = (fields: LogFields, message: string) => void lines.push({ ...fields, message });
  return { debug: add, info: add, warn: add, error: add };
}

/** A browser: follows start links with its cookies and comes back from the provider. */
export function browser(bench: Pick<ConnectBench, 'connect' | 'provider'>) {
  const cookies: Record<string, string> = {};

  function take(onward: Onward): string {
    if (onward.kind !== 'redirect') throw new Error(`not sent on: ${JSON.stringify(onward)}`);
    for (const cookie of onward.cookies ?? []) {
      if (cookie.maxAge === 0) delete cookies[cookie.name];
      else cookies[cookie.name] = cookie.value;
    }
    return onward.url;
  }

  return {
    cookies,
    take,
    /** Opens `/auth/start/<id>` and answers the provider's page. */
    async open(authUrl: string): Promise<string> {
      return take(await bench.connect.start(authUrl.split('/').at(-1) ?? ''));
    },
    callback(query: Record<string, string>, more: Partial<CallbackInput> = {}): Promise<Onward> {
      return bench.connect.callback({ provider: 'acme', query, cookies: { ...cookies }, confirmed: false, ...more });
    },
    /** The whole way for a willing person: answers where the browser ends. */
    async login(authUrl: string, person: string, scopes?: string[]): Promise<string> {
      const page = await this.open(authUrl);
      return take(await this.callback(bench.provider.login(page, person, scopes)));
    },
  };
}

/** Connects a person and answers the user id. */
export async function connectPerson(
  bench: ConnectBench,
  person: string,
  input: Parameters<ConnectBench['connect']['authenticateUser']>[2] = {},
): Promise<string> {
  const { userId, authUrl } = await bench.connect.authenticateUser(bench.environment, 'ACME', input);
  await browser(bench).login(authUrl, person);
  return userId;
}
