import type { FitLap, FitPoint, FitSession } from './recording.ts';
import { type Message, rows, text } from './values.ts';

/**
 * The session of a recording that was broken off: devices write its summary last, so when the battery dies or a file is
 * cut, only the points are there. Totals that cannot be read off them are missing.
 */
export function brokenOffSession(
  parsed: Message,
  points: FitPoint[],
  laps: FitLap[],
  pauses: FitSession['pauses'],
): FitSession | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || last.atMs < first.atMs) return undefined;
  const elapsedSeconds = (last.atMs - first.atMs) / 1000;
  const pausedMs = pauses.reduce((sum, pause) => sum + pause.endMs - pause.startMs, 0);
  const sport = rows(parsed.sports)[0] ?? rows(parsed.laps)[0];
  return {
    startMs: first.atMs,
    endMs: last.atMs,
    sport: text(sport?.sport),
    subSport: text(sport?.sub_sport),
    profileName: undefined,
    totals: {
      elapsedSeconds,
      timerSeconds: Math.max(0, elapsedSeconds - pausedMs / 1000),
      ...(last.distance === undefined ? {} : { distanceMetres: last.distance }),
    },
    startPosition: first.position,
    endPosition: last.position,
    laps,
    points,
    pauses,
  };
}
