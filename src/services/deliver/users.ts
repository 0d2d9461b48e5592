import type { Store } from '../../core/store.ts';
import { wireUser } from '../wire-user.ts';

/** A user may be this old when a delivery is rendered with it; deliveries that are about to be sent are older. */
const FRESH_MS = 100;

/** Connections' users as JSON text. A backlog of few connections asks for the same ones with every batch. */
export class Users {
  private readonly known = new Map<string, { text: string; until: number }>();
  private readonly store: Store;
  private readonly environmentId: string;

  constructor(store: Store, environmentId: string) {
    this.store = store;
    this.environmentId = environmentId;
  }

  /** By connection; connections that do not exist (any more) are left out. `now`: milliseconds of a steady clock. */
  async of(connectionIds: Iterable<string>, now: number): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const missing = new Set<string>();
    for (const id of connectionIds) {
      const known = this.known.get(id);
      if (known && known.until > now) found.set(id, known.text);
      else missing.add(id);
    }
    if (missing.size === 0) return found;
    for (const [id, { until }] of this.known) if (until <= now) this.known.delete(id);
    for (const connection of await this.store.connections.byIds(this.environmentId, [...missing])) {
      const text = JSON.stringify(wireUser(connection));
      this.known.set(connection.id, { text, until: now + FRESH_MS });
      found.set(connection.id, text);
    }
    return found;
  }
}
