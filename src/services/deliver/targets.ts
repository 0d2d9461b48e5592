import type { Clock } from '../../core/clock.ts';
import type { DestinationRegistry, DestinationRow, OutboundHttp, Sender } from '../../core/destination.ts';
import type { Log } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import type { Store } from '../../core/store.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { EnvironmentSettings } from '../../schema/environment-settings.ts';

/** A destination as it is configured now, ready to send to. */
export interface Target {
  row: DestinationRow;
  sender: SharedSender;
  /** To sign with, newest first. */
  secrets: string[];
  devId: string;
  settings: EnvironmentSettings;
}

/** A sender in use by several; when it was replaced, the last one out closes it. */
export interface SharedSender {
  sender: Sender;
  /** What it was opened with. */
  key: string;
  inUse: number;
  retired: boolean;
}

export interface TargetPorts {
  store: Store;
  clock: Clock;
  log: Log;
  destinations: DestinationRegistry;
  http: OutboundHttp;
}

/** Changes of a destination, its secrets and its environment show after this long. */
const FRESH_MS = 1_000;

/** Configured destinations by id, looked up at most once a second, with one open sender each. */
export class Targets {
  private readonly looked = new Map<string, { at: number; target: Promise<Target | undefined> }>();
  private readonly senders = new Map<string, SharedSender>();
  private readonly ports: TargetPorts;

  constructor(ports: TargetPorts) {
    this.ports = ports;
  }

  /** Undefined: removed. Lanes that ask at the same time share the lookup. */
  find(environmentId: string, destinationId: string): Promise<Target | undefined> {
    const now = this.ports.clock.now().getTime();
    const known = this.looked.get(destinationId);
    if (known && now - known.at < FRESH_MS) return known.target;
    const target = this.look(environmentId, destinationId);
    this.looked.set(destinationId, { at: now, target });
    target.catch(() => this.looked.delete(destinationId));
    return target;
  }

  /** Keeps the target's sender open until `release`, even when the destination is changed meanwhile. */
  hold({ sender }: Target): void {
    sender.inUse += 1;
  }

  release({ sender }: Target): void {
    sender.inUse -= 1;
    if (sender.retired && sender.inUse === 0) void sender.sender.close();
  }

  async close(): Promise<void> {
    const open = [...this.senders.values()];
    this.senders.clear();
    this.looked.clear();
    await Promise.all(open.map((shared) => shared.sender.close()));
  }

  private async look(environmentId: string, destinationId: string): Promise<Target | undefined> {
    const { store, clock } = this.ports;
    const [row, environment] = await Promise.all([
      store.destinations.byId(environmentId, destinationId),
      store.environments.byId(environmentId),
    ]);
    if (!row || !environment) {
      this.retire(destinationId);
      return undefined;
    }
    const [config, secrets] = await Promise.all([
      store.destinations.config(environmentId, destinationId),
      signingSecrets(store, row, clock.now()),
    ]);
    const sender = this.senderOf(row, config);
    return { row, sender, secrets, devId: environment.devId, settings: environment.settings };
  }

  private senderOf(row: DestinationRow, config: Record<string, unknown>): SharedSender {
    const key = canonicalJson({ type: row.type, timeoutMs: row.timeoutMs, config });
    const open = this.senders.get(row.id);
    if (open?.key === key) return open;
    const type = this.ports.destinations.find(row.type);
    if (!type) throw new Problem('internal', { detail: `there is no destination type ${row.type}` });
    this.retire(row.id);
    const { http, log } = this.ports;
    const sender = type.open(config, { http, log, timeoutMs: row.timeoutMs });
    const shared = { sender, key, inUse: 0, retired: false };
    this.senders.set(row.id, shared);
    return shared;
  }

  private retire(destinationId: string): void {
    const shared = this.senders.get(destinationId);
    if (!shared) return;
    this.senders.delete(destinationId);
    shared.retired = true;
    if (shared.inUse === 0) void shared.sender.close();
  }
}

/** The destination's own secrets, else those of its environment; during a rotation the old ones too. */
export async function signingSecrets(store: Store, row: DestinationRow, now: Date): Promise<string[]> {
  if (row.ownSecret) return store.destinations.secrets(row.environmentId, row.id, now);
  const rows = await store.environments.signingSecrets(row.environmentId, now);
  return rows.map((secret) => secret.secret);
}
