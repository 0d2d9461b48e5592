import { randomInt } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Environment, EnvironmentKind } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { Aggregates, Store } from '../core/store.ts';
import { equalsConstantTime, sha256 } from '../lib/hash.ts';
import { randomSecret } from '../lib/ids.ts';
import type { EnvironmentService } from './services.ts';
import { defaultSettings, withSetting } from './settings.ts';

export interface EnvironmentPorts {
  store: Store;
  clock: Clock;
  /** Why this server may not hold production environments (no master key, no https); undefined: it may. */
  productionRefused: string | undefined;
  /** Told after keys or settings changed. */
  changed?: () => void;
}

const KIND_WORDS: Record<EnvironmentKind, string> = { testing: 'testing', staging: 'staging', production: 'prod' };
const DEV_ID = /^[A-Za-z0-9_-]{1,128}$/;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const OVERLAP_HOURS = 24;

/** Tenants with their keys, secrets and settings. */
export function createEnvironmentService(ports: EnvironmentPorts): EnvironmentService {
  const { store } = ports;
  return {
    authenticate: (devId, apiKey) => authenticate(store, devId, apiKey),
    byDevId: (devId) => store.environments.byDevId(devId),
    create: (input) => create(ports, input),
    list: () => store.environments.list(),
    addKey: (environment, label) => addKey(ports, environment, label),
    rotateKey: (environment) => telling(ports, rotateKey(ports, environment)),
    rotateSecret: (environment, overlapHours = OVERLAP_HOURS) => rotateSecret(ports, environment, overlapHours),
    set: (environment, assignments) => telling(ports, set(ports, environment, assignments)),
  };
}

/** Tells of the change once it is committed. */
async function telling<T>(ports: EnvironmentPorts, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } finally {
    ports.changed?.();
  }
}

/** Looked up by the key's hash, which gives nothing away by timing; the dev-id must be of the same environment. */
async function authenticate(store: Store, devId: string | undefined, apiKey: string | undefined): Promise<Environment> {
  if (!devId || !apiKey) throw new Problem('headers_missing');
  const environment = await store.environments.byApiKey(sha256(apiKey));
  if (!environment || !equalsConstantTime(environment.devId, devId)) throw new Problem('unauthorized');
  return environment;
}

async function create(
  ports: EnvironmentPorts,
  input: { name: string; kind?: string; devId?: string; apiKey?: string; signingSecret?: string },
) {
  const name = input.name.trim();
  if (name === '') throw new Problem('bad_request', { field: 'name', detail: 'an environment needs a name' });
  const kind = kindOf(input.kind);
  if (kind === 'production' && ports.productionRefused !== undefined) {
    throw new Problem('bad_request', { field: 'kind', detail: ports.productionRefused });
  }
  const devId = input.devId ?? newDevId(name, kind);
  if (!DEV_ID.test(devId)) {
    throw new Problem('bad_request', { field: 'dev_id', detail: 'dev_id takes 1 to 128 letters, digits, _ and -' });
  }
  const apiKey = input.apiKey ?? randomSecret();
  const signingSecret = input.signingSecret ?? randomSecret();
  const now = ports.clock.now();
  const environment = await ports.store.transaction(async (tx) => {
    const settings = defaultSettings(kind);
    const made = await tx.environments.create({ devId, name, kind, settings, signingSecret, now });
    await tx.environments.addApiKey(made.id, sha256(apiKey), 'first key', now);
    await tx.audit.add({ environmentId: made.id, at: now, actor: 'operator', action: 'create', subject: devId });
    return made;
  });
  return { environment, apiKey, signingSecret };
}

function kindOf(text = 'testing'): EnvironmentKind {
  const kinds = Object.keys(KIND_WORDS) as EnvironmentKind[];
  const kind = kinds.find((known) => known === text.toLowerCase());
  if (!kind) throw new Problem('bad_request', { field: 'kind', detail: `kind is one of ${kinds.join(', ')}` });
  return kind;
}

/** `<name>-<testing|staging|prod>-<10 letters and digits>`. */
function newDevId(name: string, kind: EnvironmentKind): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const tail = Array.from({ length: 10 }, () => ALPHANUMERIC.charAt(randomInt(ALPHANUMERIC.length))).join('');
  return `${slug || 'app'}-${KIND_WORDS[kind]}-${tail}`;
}

async function addKey(ports: EnvironmentPorts, environment: Environment, label: string): Promise<string> {
  const apiKey = randomSecret();
  await change(ports, environment, 'add key', (tx, now) =>
    tx.environments.addApiKey(environment.id, sha256(apiKey), label, now),
  );
  return apiKey;
}

async function rotateKey(ports: EnvironmentPorts, environment: Environment): Promise<string> {
  const apiKey = randomSecret();
  await change(ports, environment, 'rotate key', async (tx, now) => {
    const { id } = await tx.environments.addApiKey(environment.id, sha256(apiKey), 'rotated', now);
    await tx.environments.revokeApiKeys(environment.id, id, now);
  });
  return apiKey;
}

async function rotateSecret(ports: EnvironmentPorts, environment: Environment, overlapHours: number): Promise<string> {
  if (!Number.isFinite(overlapHours) || overlapHours < 0) {
    throw new Problem('bad_request', { field: 'overlap_hours', detail: 'overlap_hours is a number from 0' });
  }
  const secret = randomSecret();
  await change(ports, environment, 'rotate secret', (tx, now) => {
    const overlapUntil = new Date(now.getTime() + overlapHours * 3_600_000);
    return tx.environments.addSigningSecret(environment.id, secret, now, overlapUntil);
  });
  return secret;
}

async function set(ports: EnvironmentPorts, environment: Environment, assignments: string[]): Promise<Environment> {
  return change(ports, environment, 'set', async (tx) => {
    await tx.connections.lockEnvironment(environment.id);
    const current = await tx.environments.byId(environment.id);
    if (!current) throw new Problem('not_found');
    const settings = assignments.reduce(withSetting, current.settings);
    const narrows = settings.reauth_scope === 'environment' && current.settings.reauth_scope === 'reference_id';
    if (narrows && (await hasSharedAccount(tx, environment.id))) {
      throw new Problem('conflict', {
        field: 'reauth_scope',
        detail: 'reauth_scope: an account has several connections; disconnect all but one first',
      });
    }
    await tx.environments.saveSettings(environment.id, settings);
    return { ...current, settings };
  });
}

async function hasSharedAccount(tx: Aggregates, environmentId: string): Promise<boolean> {
  const { connections } = await tx.connections.page(environmentId, {});
  return new Set(connections.map(({ accountId }) => accountId)).size < connections.length;
}

/** One change by an operator, with its line in the audit log. */
function change<T>(
  ports: EnvironmentPorts,
  environment: Environment,
  action: string,
  work: (tx: Aggregates, now: Date) => Promise<T>,
): Promise<T> {
  const now = ports.clock.now();
  return ports.store.transaction(async (tx) => {
    const result = await work(tx, now);
    await tx.audit.add({
      environmentId: environment.id,
      at: now,
      actor: 'operator',
      action,
      subject: environment.devId,
    });
    return result;
  });
}
