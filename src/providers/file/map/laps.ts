import type { Lap, Session } from '../wire.ts';
import { known, positive, whole } from './known.ts';
import { type LocalTime, wireTime } from './moment.ts';

/** FIT names of strokes that the wire has too; drills, mixed and medleys are `other`. */
const STROKES = ['freestyle', 'backstroke', 'breaststroke', 'butterfly'];

export function lapData(session: Session, local: LocalTime) {
  const laps = session.laps.map((lap) => lapSample(lap, session, local)).filter((lap) => lap !== undefined);
  return laps.length === 0 ? undefined : { laps };
}

function lapSample({ totals, trigger, stroke, startMs, endMs }: Lap, session: Session, local: LocalTime) {
  return known({
    start_time: time(startMs, local),
    end_time: time(endMs, local),
    active_duration_seconds: whole(totals.timerSeconds),
    distance_meters: totals.distanceMetres,
    calories: totals.kilocalories,
    avg_hr_bpm: positive(totals.averageHeartRate),
    avg_speed_meters_per_second: totals.averageSpeed,
    avg_watts: totals.averagePower,
    total_strokes: session.sport === 'swimming' ? whole(totals.cycles) : undefined,
    stroke_type: strokeOf(stroke),
    trigger_method: trigger,
  });
}

function time(atMs: number | undefined, local: LocalTime): string | undefined {
  return atMs === undefined ? undefined : wireTime(atMs, local);
}

function strokeOf(stroke: string | undefined): string | undefined {
  if (stroke === undefined) return undefined;
  return STROKES.includes(stroke) ? stroke : 'other';
}
