/** What to stop when a signal aborts. One listener per signal, because hundreds of requests share one. */
const watched = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` when the signal aborts. Answers how to forget about it. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  const stops = watched.get(signal) ?? watch(signal);
  stops.add(stop);
  return () => stops.delete(stop);
}

function watch(signal: AbortSignal): Set<() => void> {
  const stops = new Set<() => void>();
  watched.set(signal, stops);
  const stopAll = (): void => {
    for (const stop of stops) stop();
    stops.clear();
  };
  signal.addEventListener('abort', stopAll, { once: true });
  return stops;
}
