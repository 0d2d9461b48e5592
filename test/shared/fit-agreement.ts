import { expect } from 'vitest';
import type { Activity } from '../../src/schema/activity.ts';
import type { FitReading } from './fit-reading.ts';

/** What an activity of ours and an independent reading can both say. */
export interface Agreement {
  start: number;
  elapsed: number;
  timer: number | null | undefined;
  distance: number | null | undefined;
  kilocalories: number | null | undefined;
  heartRates: (readonly [unixSeconds: number, bpm: number | null | undefined])[];
}

/** The members that are compared, from what we map. */
export function comparable(activity: Activity): Agreement {
  const start = unixSeconds(activity.metadata.start_time);
  const end = unixSeconds(activity.metadata.end_time);
  return {
    start,
    elapsed: end - start,
    timer: activity.active_durations_data?.activity_seconds,
    distance: activity.distance_data?.summary?.distance_meters,
    kilocalories: activity.calories_data?.total_burned_calories,
    // Devices write a last point when the timer has stopped; the independent reader leaves it out.
    heartRates: (activity.heart_rate_data?.detailed?.hr_samples ?? [])
      .map((sample) => [unixSeconds(sample.timestamp), sample.bpm] as const)
      .filter(([at]) => at <= end),
  };
}

/** The same members of an independent reading, to be met by `comparable`. */
export function agreeing(reading: FitReading) {
  return {
    start: reading.startUnixSeconds,
    elapsed: expect.closeTo(reading.elapsedSeconds ?? 0, 3),
    timer: reading.timerSeconds,
    distance: reading.distanceMetres,
    kilocalories: reading.kilocalories,
    heartRates: reading.heartRates.filter(({ bpm }) => bpm > 0).map(({ unixSeconds, bpm }) => [unixSeconds, bpm]),
  };
}

/** The summary says the average and the highest rate where the recording does. */
export function expectSameHeart(activity: Activity | undefined, reading: FitReading): void {
  const summary = activity?.heart_rate_data?.summary;
  if (reading.averageHeartRate) expect(summary?.avg_hr_bpm).toBe(reading.averageHeartRate);
  if (reading.maximumHeartRate) expect(summary?.max_hr_bpm).toBe(reading.maximumHeartRate);
}

function unixSeconds(time: string | null | undefined): number {
  return time ? Date.parse(time) / 1000 : Number.NaN;
}
