import type pg from 'pg';
import type { Aggregates, LaneWaker, Store, TaskAdder } from '../core/store.ts';
import { accountsOn } from './accounts.ts';
import { auditOn } from './audit.ts';
import { connectionsOn } from './connections.ts';
import { inTransaction, type Queryable } from './database.ts';
import { deliveriesOn } from './deliveries.ts';
import { destinationsOn } from './destinations.ts';
import { environmentsOn } from './environments.ts';
import { eventsOn } from './events.ts';
import { flowsOn } from './flows.ts';
import type { MasterKeys } from './master-key.ts';
import { operatorsOn } from './operators.ts';
import { createOrderedIds } from './ordered-id.ts';
import { payloadsOn } from './payloads.ts';
import { providerChoicesOn } from './provider-choices.ts';
import { rawOn } from './raw.ts';
import { sandboxOn } from './sandbox.ts';
import { poolScope, type Scope, transactionScope } from './scope.ts';
import { sessionsOn } from './sessions.ts';
import { createVault } from './vault.ts';

export interface StoreOptions {
  /** Migrated. Uses session features (prepared statements), so a pooler in between must pool sessions, not statements. */
  pool: pg.Pool;
  masterKeys: MasterKeys;
  /** The queue's part of the aggregates, on the pool or inside a transaction. */
  extend: (client: Queryable) => { lanes: LaneWaker; tasks: TaskAdder };
}

/** The store on Postgres. It takes every time from its caller and never asks the database for one. */
export function createStore({ pool, masterKeys, extend }: StoreOptions): Store {
  const shared = { vault: createVault(masterKeys), orderedId: createOrderedIds() };
  const aggregates = (scope: Scope): Aggregates => ({
    environments: environmentsOn(scope),
    providerChoices: providerChoicesOn(scope),
    accounts: accountsOn(scope),
    connections: connectionsOn(scope),
    sessions: sessionsOn(scope),
    flows: flowsOn(scope),
    destinations: destinationsOn(scope),
    events: eventsOn(scope),
    deliveries: deliveriesOn(scope),
    raw: rawOn(scope),
    payloads: payloadsOn(scope),
    operators: operatorsOn(scope),
    sandbox: sandboxOn(scope),
    audit: auditOn(scope),
    ...extend(scope.client),
  });
  return {
    ...aggregates(poolScope(pool, shared)),
    transaction: (work) => inTransaction(pool, (client) => work(aggregates(transactionScope(client, shared)))),
  };
}
