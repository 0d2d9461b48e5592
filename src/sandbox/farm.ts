import type { Clock } from '../core/clock.ts';
import type { FailureSwitch, SandboxFarm } from '../core/sandbox.ts';
import type { SandboxStore } from '../core/store.ts';
import { sha256 } from '../lib/hash.ts';
import { createSandboxOAuth, type FarmState, SWITCH } from './oauth.ts';
import { PEOPLE } from './people.ts';

export interface FarmPorts {
  store: SandboxStore;
  /** The generated client of an environment, by its `client_id`. */
  clients: (provider: string, clientId: string) => Promise<Record<string, string> | undefined>;
  clock: Clock;
  /** A new url-safe secret. */
  random: () => string;
}

/** One provider's share of the farm. */
export function createFarm(provider: string, ports: FarmPorts): SandboxFarm {
  const { store, clock } = ports;
  const state: FarmState = {
    now: () => clock.now(),
    people: PEOPLE,
    person: (key) => PEOPLE.find((person) => person.key === key),
    client: (clientId) => ports.clients(provider, clientId),
    secret: ports.random,
    get: (kind, key) => store.get(provider, kind, storedKey(kind, key), clock.now()),
    put: (kind, key, value, ttlSeconds) =>
      store.put(provider, kind, storedKey(kind, key), value, expiry(clock, ttlSeconds)),
    take: (kind, key) => store.take(provider, kind, storedKey(kind, key), clock.now()),
    list: (kind) => store.list(provider, kind, clock.now()),
    failure: async () => {
      const row = await store.get(provider, SWITCH.kind, SWITCH.key, clock.now());
      return row as FailureSwitch | undefined;
    },
  };
  return { ...state, oauth: createSandboxOAuth(state) };
}

/** Keys that are secrets themselves are stored as their SHA-256 only. */
function storedKey(kind: string, key: string): string {
  return /(token|code)$/.test(kind) ? sha256(key).toString('hex') : key;
}

function expiry(clock: Clock, ttlSeconds: number | undefined): Date | undefined {
  return ttlSeconds === undefined ? undefined : new Date(clock.now().getTime() + ttlSeconds * 1000);
}
