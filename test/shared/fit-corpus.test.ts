import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { MapContext } from '../../src/core/provider.ts';
import { decodeFit } from '../../src/formats/fit/decode.ts';
import { summaryId } from '../../src/lib/summary-id.ts';
import provider from '../../src/providers/file/manifest.ts';
import { mapActivity } from '../../src/providers/file/map/activity.ts';
import type { Activity } from '../../src/schema/activity.ts';
import { wrongField } from '../../src/schema/models.ts';
import { agreeing, comparable, expectSameHeart } from './fit-agreement.ts';
import { FIT_TRANSITION, readSessions } from './fit-reading.ts';
import { sharedPath } from './shared-folder.ts';

/** Recordings of watches, bike computers, trainers and apps. */
const WORKOUTS = [
  'Activity.fit',
  '2015-10-13-08-43-15.fit',
  '20170518-191602-1740899583.fit',
  'activity-filecrc.fit',
  'activity-large-fenxi2-multisport.fit',
  'activity-settings.fit',
  'activity-small-fenix2-run.fit',
  'activity-unexpected-eof.fit',
  'activity_poolswim_with_hr.fit',
  'antfs-dump.63.fit',
  'compressed-speed-distance.fit',
  'developer-types-sample.fit',
  'event_timestamp.fit',
  'example-diving.fit',
  'fit-parser-example.fit',
  'garmin-edge-500-activity.fit',
  'garmin-edge-820-bike.fit',
  'garmin-fenix-5-run.fit',
  'garmin-fenix-5-walk.fit',
  'mountain-biking.fit',
  'power-analysis.fit',
  'sample-activity-indoor-trainer.fit',
  'swim.fit',
];

const NOT_WORKOUTS: [string, string][] = [
  ['MonitoringFile.fit', 'it holds day totals, not a workout'],
  ['WeightScaleSingleUser.fit', 'it holds weights, not a workout'],
  ['WorkoutRepeatSteps.fit', 'it holds a workout plan, not a workout'],
  ['DeveloperData.fit', 'it holds no finished workout'],
];

/** Swims whose heart rates stand apart from the points: the independent reader does not join them. */
const RATES_APART = ['activity_poolswim_with_hr.fit', 'event_timestamp.fit'];

const context: MapContext = {
  provider: 'FILE',
  providerUserId: 'reference:corpus',
  summaryId: (resource, recordId) => summaryId('FILE', 'reference:corpus', resource, recordId),
};

function bytesOf(name: string): Buffer {
  return readFileSync(sharedPath('fixtures', 'fit-tcx-gpx', name));
}

function recordingsOf(name: string) {
  const decoded = decodeFit(bytesOf(name));
  if ('refused' in decoded) throw new Error(decoded.refused);
  return decoded.recordings;
}

function activitiesOf(name: string): Activity[] {
  return mapActivity({ recording: recordingsOf(name) }, context).map((payload) => payload.body as Activity);
}

test.each(WORKOUTS)('%s says what an independent reader finds in it', (name) => {
  const readings = readSessions(bytesOf(name)).filter((reading) => reading.sport !== FIT_TRANSITION);
  const activities = activitiesOf(name);
  expect(readings.length).toBeGreaterThan(0);
  const found = activities.map(comparable);
  if (RATES_APART.includes(name)) for (const one of found) one.heartRates = [];
  expect(found).toEqual(readings.map(agreeing));
  for (const [index, reading] of readings.entries()) {
    expectSameHeart(activities[index], reading);
  }
});

test.each(RATES_APART)('the heart rates of %s are joined to its points', (name) => {
  const [activity] = activitiesOf(name);
  const rates = (activity?.heart_rate_data?.detailed?.hr_samples ?? []).map((sample) => sample.bpm ?? 0);
  const stated = activity?.heart_rate_data?.summary?.max_hr_bpm ?? 0;
  expect(rates.length).toBeGreaterThan(3_000);
  expect(Math.max(...rates)).toBeGreaterThanOrEqual(stated - 1);
  expect(Math.max(...rates)).toBeLessThanOrEqual(stated);
});

test('compressed distances add up to the total', () => {
  const [activity] = activitiesOf('compressed-speed-distance.fit');
  const last = activity?.distance_data?.detailed?.distance_samples?.at(-1)?.distance_meters;
  expect(last).toBeCloseTo(activity?.distance_data?.summary?.distance_meters ?? 0, 1);
});

test.each(WORKOUTS)('what %s maps to is valid', (name) => {
  const bodies = activitiesOf(name);
  expect(bodies.map((body) => wrongField('activity', { ...body }))).toEqual(bodies.map(() => undefined));
});

test.each(NOT_WORKOUTS)('%s is refused: %s', (name, reason) => {
  expect(recordingsOf(name).map((recording) => provider.resources?.recording?.unusable?.(recording))).toEqual([reason]);
});
