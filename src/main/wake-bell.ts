import type { Aggregates, LaneWaker, Store } from '../core/store.ts';

/** Tells this process's worker at once when a commit has woken lanes; other processes find them by polling. */
export interface WakeBell {
  /** Answers how to stop listening. */
  onWake(listener: () => void): () => void;
  /** Notes what is woken inside transactions. */
  watch(lanes: LaneWaker): LaneWaker;
  /** A store whose transactions ring after they have committed. */
  ringAfterCommit(store: Store): Store;
}

export function createWakeBell(): WakeBell {
  const listeners = new Set<() => void>();
  let woken = 0;
  const ring = () => {
    for (const listener of listeners) listener();
  };
  return {
    onWake(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watch: (lanes) => ({
      async wake(...args) {
        await lanes.wake(...args);
        woken += 1;
      },
    }),
    ringAfterCommit: (store) => ({
      ...store,
      async transaction<T>(work: (tx: Aggregates) => Promise<T>): Promise<T> {
        const before = woken;
        const result = await store.transaction(work);
        if (woken !== before) ring();
        return result;
      },
    }),
  };
}
