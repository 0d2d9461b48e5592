import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Group, MapContext } from '../../../core/provider.ts';
import { summaryId } from '../../../lib/summary-id.ts';
import type { Activity } from '../../../schema/activity.ts';
import { wrongField } from '../../../schema/models.ts';
import type { Recording, Session } from '../wire.ts';
import { mapActivity } from './activity.ts';

const FIXTURES = new URL('../fixtures/activity/', import.meta.url);
const START = Date.parse('2026-05-17T22:30:00Z');

const context: MapContext = {
  provider: 'FILE',
  providerUserId: 'reference:local',
  summaryId: (resource, recordId) => summaryId('FILE', 'reference:local', resource, recordId),
};

/** Leaves of the fixtures that say nothing a payload has a place for, or nothing on their own. */
const UNUSED: Record<string, RegExp[]> = {
  every: [/\.fileType$/, /\.brokenOff$/, /\.elapsedSeconds$/],
  ride: [/sessions\.0\.totals\.cycles$/], // turns of the crank have no place
  swim: [/\.product$/, /\.averageHeartRate$/, /\.maximumHeartRate$/], // a number is no name; 0 is no heart rate
  duathlon: [
    /sessions\.0\.subSport$/, // running on a track is running
    /sessions\.0\.points\.0\.heartRate$/, // 0 is no heart rate
    /sessions\.1\.(startMs|endMs|totals)/, // the transition
  ],
};

function cases(): { name: string; input: Group; output: unknown }[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.in.json'));
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'));
  return names.map((file) => ({
    name: file.replace('.in.json', ''),
    input: read(file),
    output: read(file.replace('.in.', '.out.')),
  }));
}

function session(change: Partial<Session> = {}): Session {
  return {
    startMs: START,
    endMs: START + 600_000,
    sport: 'running',
    subSport: undefined,
    profileName: undefined,
    totals: {},
    startPosition: undefined,
    endPosition: undefined,
    laps: [],
    points: [],
    pauses: [],
    ...change,
  };
}

function recording(change: Partial<Recording> = {}): Recording {
  return {
    recordId: 'unit-1',
    fileType: 'activity',
    device: {},
    offsetMinutes: 120,
    sessions: [session()],
    brokenOff: false,
    ...change,
  };
}

function mapped(change: Partial<Session>, over: Partial<Recording> = {}, from = context): Activity {
  const [payload] = mapActivity({ recording: [recording({ sessions: [session(change)], ...over })] }, from);
  if (!payload) throw new Error('nothing was mapped');
  return payload.body as Activity;
}

test.each(cases())('$name maps to its output, which is valid', ({ input, output }) => {
  const bodies = mapActivity(input, context).map((payload) => payload.body);
  expect(bodies).toEqual(output);
  expect(bodies.map((body) => wrongField('activity', body))).toEqual(bodies.map(() => undefined));
});

test.each(cases())(
  'each leaf of $name changes the output, and leaving it out makes up no number',
  ({ name, input }) => {
    const unused = [...(UNUSED.every ?? []), ...(UNUSED[name] ?? [])];
    const before = mapActivity(input, context).map((payload) => payload.body);
    const numbers = new Set(
      leaves(before)
        .filter(({ value }) => typeof value === 'number')
        .map(placeOf),
    );
    for (const { path } of leaves(input)) {
      const without = structuredClone(input);
      remove(without, path);
      const after = mapActivity(without, context).map((payload) => payload.body);
      const leaf = path.join('.');
      const invented = leaves(after)
        .filter(({ value }) => typeof value === 'number')
        .map(placeOf);
      expect(
        invented.filter((place) => !numbers.has(place)),
        name,
      ).toEqual([]);
      if (!unused.some((pattern) => pattern.test(leaf))) expect(after, leaf).not.toEqual(before);
    }
  },
);

test('without anything but its times, a session has no numbers but them', () => {
  expect(mapped({})).toEqual({
    metadata: {
      summary_id: context.summaryId('activity', 'unit-1'),
      start_time: '2026-05-18T00:30:00.000000+02:00',
      end_time: '2026-05-18T00:40:00.000000+02:00',
      timestamp_localization: 1,
      type: 8,
      upload_type: 1,
      name: null,
    },
  });
});

test('key, local day and instants are those of the record', () => {
  const [payload] = mapActivity({ recording: [recording()] }, context);
  expect(payload).toMatchObject({
    key: context.summaryId('activity', 'unit-1'),
    day: '2026-05-18',
    start: new Date(START),
    end: new Date(START + 600_000),
  });
});

test.each([
  ['the device', {}, { zone: 'Asia/Tokyo', offsetMinutes: -300 }, '+02:00', 1],
  ['the caller', { offsetMinutes: undefined }, { zone: 'Asia/Tokyo', offsetMinutes: -300 }, '-05:00', 1],
  ['the connection', { offsetMinutes: undefined }, { zone: 'Asia/Tokyo' }, '+09:00', 1],
  ['nobody', { offsetMinutes: undefined }, {}, '+00:00', 0],
  ['a zone that does not exist', { offsetMinutes: undefined }, { zone: 'Nowhere/Land' }, '+00:00', 0],
])('the offset stated by %s is used', (_who, over, stated, offset, localization) => {
  const { metadata } = mapped({}, over, { ...context, ...stated });
  expect(metadata.start_time.slice(-6)).toBe(offset);
  expect(metadata.timestamp_localization).toBe(localization);
});

test('a device at UTC states so, which is not the same as stating nothing', () => {
  expect(mapped({}, { offsetMinutes: 0 }).metadata.timestamp_localization).toBe(1);
});

test('sessions of one file have ids of their own, which do not move when a transition is left out', () => {
  const sessions = [session(), session({ sport: 'transition' }), session({ sport: 'cycling' })];
  const keys = mapActivity({ recording: [recording({ sessions })] }, context).map((payload) => payload.key);
  expect(keys).toEqual(['unit-1/0', 'unit-1/2'].map((id) => context.summaryId('activity', id)));
});

test('a heart rate of zero was not measured, a distance of zero was', () => {
  const { heart_rate_data, distance_data, movement_data } = mapped({
    totals: { averageHeartRate: 0, maximumHeartRate: 0, distanceMetres: 0, averageSpeed: 0 },
  });
  expect(heart_rate_data).toBeUndefined();
  expect(distance_data?.summary?.distance_meters).toBe(0);
  expect(movement_data).toEqual({ avg_speed_meters_per_second: 0 });
});

test('the lowest heart rate is never taken from the average', () => {
  const { heart_rate_data } = mapped({ totals: { averageHeartRate: 131 } });
  expect(heart_rate_data?.summary).toEqual({ avg_hr_bpm: 131 });
});

test('heart rates that the session lacks are computed from its points', () => {
  const points = [99, 100, 102].map((heartRate, index) => ({ atMs: START + index * 1000, heartRate }));
  expect(mapped({ points }).heart_rate_data?.summary).toEqual({ avg_hr_bpm: 100.33, max_hr_bpm: 102, min_hr_bpm: 99 });
  expect(mapped({ points, totals: { maximumHeartRate: 104 } }).heart_rate_data?.summary?.max_hr_bpm).toBe(104);
});

test.each([
  ['running', 1626],
  ['walking', 1626],
  ['cycling', undefined],
  ['swimming', undefined],
])('cycles of %s give %s steps', (sport, steps) => {
  expect(mapped({ sport, totals: { cycles: 813 } }).distance_data?.summary?.steps).toBe(steps);
});

test('the timer of samples stands still in pauses', () => {
  const seconds = [0, 10, 15, 40, 41, 100, 130];
  const points = seconds.map((at) => ({ atMs: START + at * 1000, power: 200 }));
  const pauses = [
    { startMs: START + 10_000, endMs: START + 40_000 },
    { startMs: START + 100_000, endMs: START + 120_000 },
  ];
  const samples = mapped({ points, pauses }).power_data?.power_samples ?? [];
  expect(samples.map((sample) => sample.timer_duration_seconds)).toEqual([0, 10, 10, 10, 11, 70, 80]);
});

test.each([
  ['running', 'treadmill', 88],
  ['running', 'trail', 149],
  ['running', 'generic', 8],
  ['cycling', undefined, 1],
  ['cycling', 'virtual_activity', 18],
  ['fitness_equipment', 'indoor_rowing', 54],
  ['swimming', 'open_water', 84],
  ['training', 'hiit', 114],
  ['hiit', undefined, 114],
  ['racket', 'padel', 134],
  ['hiking', undefined, 35],
  ['generic', undefined, 4],
  ['snorkeling', undefined, 108],
  ['999', undefined, 108],
  [undefined, undefined, 4],
  ['constructor', 'toString', 108],
  ['running', 'constructor', 8],
])('%s %s is of type %i', (sport, subSport, type) => {
  expect(mapped({ sport, subSport }).metadata.type).toBe(type);
});

test('a place that the session does not name is that of the first and last point with one', () => {
  const points = [
    { atMs: START },
    ...[1, 2, 3].map((at) => ({ atMs: START + at, position: [at, at + 50] as [number, number] })),
  ];
  expect(mapped({ points }).position_data).toMatchObject({
    start_pos_lat_lng_deg: [1, 51],
    end_pos_lat_lng_deg: [3, 53],
  });
  expect(mapped({ points, startPosition: [7, 8] }).position_data?.start_pos_lat_lng_deg).toEqual([7, 8]);
});

test('altitudes lose the noise of binary fractions', () => {
  const points = [{ atMs: START, altitude: 57.200000000000045 }];
  expect(mapped({ points }).distance_data).toEqual({
    summary: { elevation: { avg_meters: 57.2, max_meters: 57.2, min_meters: 57.2 } },
    detailed: {
      elevation_samples: [
        { timestamp: '2026-05-18T00:30:00.000000+02:00', timer_duration_seconds: 0, elev_meters: 57.2 },
      ],
    },
  });
});

test('mapping leaves its input alone', () => {
  for (const { input } of cases()) {
    const before = structuredClone(input);
    mapActivity(input, context);
    expect(input).toEqual(before);
  }
});

interface Leaf {
  path: (string | number)[];
  value: unknown;
}

function leaves(value: unknown, path: Leaf['path'] = []): Leaf[] {
  if (value === null || typeof value !== 'object') return [{ path, value }];
  const entries = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  return entries.flatMap(([key, item]) => leaves(item, [...path, key]));
}

/** A place in the output, whatever the index. */
function placeOf({ path }: Leaf): string {
  return path.filter((key) => typeof key === 'string').join('.');
}

function remove(root: unknown, path: Leaf['path']): void {
  const parent = path.slice(0, -1).reduce((node, key) => (node as Record<string, unknown>)[key], root);
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete (parent as Record<string, unknown>)[last];
}
