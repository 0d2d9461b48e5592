/** How long an unwrapped key may be used without looking at its row again. */
export const KEY_LIFETIME_MS = 60_000;
const MOST_KEYS = 10_000;

interface Entry {
  /** Undefined: was deleted by this process; not cached again while a reader may still hold the row. */
  key: Buffer | undefined;
  until: number;
}

/** Unwrapped keys of this process, least recently used out first. */
export interface KeyCache {
  get(name: string): Buffer | undefined;
  put(name: string, key: Buffer): void;
  /** Drops the key and keeps it from being cached for a lifetime. */
  ban(name: string): void;
}

/** `monotonicMs` counts milliseconds and is never set back. */
export function createKeyCache(monotonicMs: () => number): KeyCache {
  const entries = new Map<string, Entry>();

  function live(name: string): Entry | undefined {
    const entry = entries.get(name);
    if (!entry) return undefined;
    if (entry.until > monotonicMs()) return entry;
    entries.delete(name);
    return undefined;
  }

  function set(name: string, key: Buffer | undefined): void {
    entries.delete(name);
    entries.set(name, { key, until: monotonicMs() + KEY_LIFETIME_MS });
    if (entries.size <= MOST_KEYS) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }

  return {
    get(name) {
      const entry = live(name);
      if (!entry?.key) return undefined;
      entries.delete(name);
      entries.set(name, entry);
      return entry.key;
    },
    put(name, key) {
      if (!live(name)) set(name, key);
    },
    ban: (name) => set(name, undefined),
  };
}
