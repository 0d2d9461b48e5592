import { OxygenSaturationType } from '../../../schema/enums.ts';
import type { Point, Session } from '../wire.ts';
import { positive, rounded } from './known.ts';
import { type LocalTime, wireTime } from './moment.ts';
import { timerOf } from './timer.ts';

interface Moment {
  timestamp: string;
  timer_duration_seconds: number;
}

/** Reads one measure off the points: a list of samples, or undefined when no point has it. */
export type Series = <T, S>(
  read: (point: Point) => T | undefined,
  sample: (value: T, moment: Moment) => S,
) => S[] | undefined;

/** The series of a session, in the order of its points. */
export function seriesOf(session: Session, local: LocalTime): Series {
  const timer = timerOf(session);
  const moments = session.points.map((point) => ({
    point,
    moment: { timestamp: wireTime(point.atMs, local), timer_duration_seconds: timer(point.atMs) },
  }));
  return (read, sample) => {
    const samples = moments.flatMap(({ point, moment }) => {
      const value = read(point);
      return value === undefined ? [] : [sample(value, moment)];
    });
    return samples.length === 0 ? undefined : samples;
  };
}

export function heartRateSamples(series: Series) {
  return series(heartRateOf, (bpm, moment) => ({ ...moment, bpm }));
}

/** Watches write 0 while they search for the pulse. */
export function heartRateOf(point: Point): number | undefined {
  return positive(point.heartRate);
}

export function distanceSamples(series: Series) {
  return series(
    (point) => point.distance,
    (distance_meters, moment) => ({ ...moment, distance_meters }),
  );
}

export function elevationSamples(series: Series) {
  return series(altitudeOf, (elev_meters, moment) => ({ ...moment, elev_meters }));
}

/** Files hold fifths of a metre. */
export function altitudeOf(point: Point): number | undefined {
  return rounded(point.altitude, 2);
}

export function speedSamples(series: Series) {
  return series(
    (point) => point.speed,
    (speed_meters_per_second, moment) => ({ ...moment, speed_meters_per_second }),
  );
}

/** As the device states it: steps of one leg, turns of the crank, strokes. */
export function cadenceSamples(series: Series) {
  return series(
    (point) => point.cadence,
    (cadence_rpm, moment) => ({ ...moment, cadence_rpm }),
  );
}

export function powerSamples(series: Series) {
  return series(
    (point) => point.power,
    (watts, moment) => ({ ...moment, watts }),
  );
}

export function positionSamples(series: Series) {
  return series(
    (point) => point.position,
    (coords_lat_lng_deg, moment) => ({ ...moment, coords_lat_lng_deg }),
  );
}

/** Oxygen in the muscle, not in the blood. */
export function saturationSamples(series: Series) {
  return series(
    (point) => point.muscleOxygen,
    (percentage, { timestamp }) => ({ timestamp, percentage, type: OxygenSaturationType.Muscle }),
  );
}
