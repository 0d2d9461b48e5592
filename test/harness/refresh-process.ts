import { createInterface } from 'node:readline';
import type { LoadedProvider, ProviderRegistry } from '../../src/core/provider.ts';
import type { AccountRef } from '../../src/core/store.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { createProviderClient } from '../../src/outbound/provider-client.ts';
import { lanesOn } from '../../src/queue/lanes.ts';
import { tasksOn } from '../../src/queue/tasks.ts';
import { createRefreshService, type TokenAnswer } from '../../src/services/refresh.ts';
import { masterKeys } from '../../src/store/master-key.ts';
import { createStore } from '../../src/store/store.ts';
import { fakeClock } from './clock.ts';
import { openPool, recordedLog } from './lane-fixture.ts';
import { testProvider } from './oauth-provider.ts';
import { oidcProvider } from './oidc-server.ts';

/*
 * A process that needs tokens: the refresh service on a database that it shares with others. Takes one order a line on
 * stdin and says on stdout when the work has begun and what came of it.
 */

/** First argument, as JSON. */
export interface ProcessOptions {
  databaseUrl: string;
  masterKey: string;
  /** Stands in for every host of the provider. */
  origin: string;
  provider: 'simple' | 'strict';
  now: string;
}

export type Order = { tokens: AccountRef; times: number } | { due: true } | { advanceMs: number };

export type Report = { begun: true } | { tokens: TokenAnswer[] } | { due: number } | { now: string };

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2] ?? '{}') as ProcessOptions);

async function main(options: ProcessOptions): Promise<void> {
  const pool = openPool(options.databaseUrl, 10);
  const clock = fakeClock(new Date(options.now));
  const log = recordedLog();
  const store = createStore({
    pool,
    masterKeys: masterKeys(Buffer.from(options.masterKey, 'hex')),
    extend: (client) => ({ lanes: lanesOn(client), tasks: tasksOn(client) }),
  });
  const client = createProviderClient({
    guard: createGuard({ allowAddresses: [], allowLoopback: true }),
    sandboxOrigin: () => options.origin,
    log,
  });
  const providers = registryOf(options.provider === 'strict' ? oidcProvider : testProvider);
  const refresh = createRefreshService({ store, clock, log, providers, client });

  async function follow(order: Order): Promise<Report> {
    if ('advanceMs' in order) {
      clock.advance(order.advanceMs);
      return { now: clock.now().toISOString() };
    }
    const work =
      'due' in order
        ? refresh.runDue()
        : Promise.all(Array.from({ length: order.times }, () => refresh.token(order.tokens)));
    say({ begun: true });
    const result = await work;
    return typeof result === 'number' ? { due: result } : { tokens: result };
  }

  for await (const line of createInterface({ input: process.stdin })) void follow(JSON.parse(line) as Order).then(say);
  await client.close();
  await pool.end();
}

function registryOf(provider: typeof testProvider): ProviderRegistry {
  const loaded: LoadedProvider = { ...provider, simulated: true };
  return { all: () => [loaded], find: (code) => (code === loaded.id ? loaded : undefined) };
}

function say(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
