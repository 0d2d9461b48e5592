import type { Session } from '../wire.ts';

/** Seconds that the timer has run when it is `atMs`: since the start, without the pauses. Within a pause it stands. */
export function timerOf(session: Session): (atMs: number) => number {
  const pauses = session.pauses
    .filter((pause) => pause.endMs > pause.startMs)
    .map((pause) => ({ ...pause, pausedBeforeMs: 0 }))
    .sort((a, b) => a.startMs - b.startMs);
  let sum = 0;
  for (const pause of pauses) {
    pause.pausedBeforeMs = sum;
    sum += pause.endMs - pause.startMs;
  }
  return (atMs) => {
    const pause = pauses[lastStartedBy(pauses, atMs)];
    const pausedMs = pause ? pause.pausedBeforeMs + Math.min(atMs, pause.endMs) - pause.startMs : 0;
    return Number(((atMs - session.startMs - pausedMs) / 1000).toFixed(3));
  };
}

/** Index of the last pause that starts at or before `atMs`, or -1: files may have many pauses and very many points. */
function lastStartedBy(pauses: { startMs: number }[], atMs: number): number {
  let low = -1;
  let high = pauses.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pauses[middle]?.startMs ?? 0) <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
}
