import { readFileSync } from 'node:fs';
import { verifyTerraWebhookSignature } from 'terra-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorker, type Worker } from '../../src/main/worker.ts';
import type { Activity } from '../../src/schema/activity.ts';
import type { ImportResult } from '../../src/services/services.ts';
import { until } from '../harness/lane-fixture.ts';
import { type ReceivedWebhook, type Receiver, startReceiver } from '../harness/receiver.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';
import { agreeing, comparable, expectSameHeart } from './fit-agreement.ts';
import { FIT_TRANSITION, type FitReading, readDevice, readHeartRates, readSessions } from './fit-reading.ts';
import { sharedPath } from './shared-folder.ts';

/** Recordings of different watches, bike computers and apps. */
const DEVICES = [
  '2015-10-13-08-43-15.fit',
  '20170518-191602-1740899583.fit',
  'activity-large-fenxi2-multisport.fit',
  'compressed-speed-distance.fit',
  'developer-types-sample.fit',
  'example-diving.fit',
  'fit-parser-example.fit',
  'garmin-edge-500-activity.fit',
  'garmin-edge-820-bike.fit',
  'garmin-fenix-5-run.fit',
  'mountain-biking.fit',
  'power-analysis.fit',
  'sample-activity-indoor-trainer.fit',
  'swim.fit',
];

/** Recordings whose device had something wrong. */
const WARNED: Record<string, RegExp> = { 'compressed-speed-distance.fit': /clock of the device was not set/ };

/** With its samples it is more than one event may hold. */
const LARGE = 'activity-large-fenxi2-multisport.fit';
const TWO_IN_ONE = 'run and walk, one behind the other';
const BROKEN_OFF = 'run that breaks off';

interface Recorded {
  name: string;
  bytes: Buffer;
  /** What an independent reader finds; undefined where the file says nothing of the whole. */
  readings: FitReading[] | undefined;
  warning?: RegExp | undefined;
}

/** Where the events of one environment arrive. */
interface App {
  tenant: TestTenant;
  receiver: Receiver;
  signingSecret: string;
  /** What the import answered, by file. */
  imported: Map<string, { userId: string; result: ImportResult | undefined }>;
}

const recordings: Recorded[] = [
  ...DEVICES.map((name) => ({ ...recorded(name, bytesOf(name)), ...(name in WARNED && { warning: WARNED[name] }) })),
  // Followed by a file of settings, which is no workout.
  { ...recorded('activity-settings.fit', bytesOf('activity-settings.fit')), warning: /left out/ },
  { ...recorded('activity-unexpected-eof.fit', bytesOf('activity-unexpected-eof.fit')), warning: /./ },
  { ...recorded('activity-filecrc.fit', bytesOf('activity-filecrc.fit')), warning: /checksum/ },
  twoInOne(),
  brokenOff(),
];

let solum: TestServer;
let worker: Worker;
let whole: App;
let summaries: App;

beforeAll(async () => {
  solum = await startTestServer();
  worker = createWorker(solum.app);
  await worker.start();
  whole = await startApp('with samples', ['include_samples=true']);
  summaries = await startApp('summaries', []);
  for (const app of [whole, summaries]) {
    await importAll(app);
    const isThere = ({ name, readings }: Recorded) => activitiesOf(app, name).length === (readings?.length ?? 1);
    await until(() => recordings.every(isThere), 'the activities of all files');
  }
});

afterAll(async () => {
  await worker?.stop();
  await solum?.close();
  await Promise.all([whole, summaries].map((app) => app?.receiver.close()));
});

function bytesOf(name: string): Buffer {
  return readFileSync(sharedPath('fixtures', 'fit-tcx-gpx', name));
}

function recorded(name: string, bytes: Buffer): Recorded {
  return { name, bytes, readings: readSessions(bytes).filter((reading) => reading.sport !== FIT_TRANSITION) };
}

function twoInOne(): Recorded {
  const [run, walk] = [bytesOf('garmin-fenix-5-run.fit'), bytesOf('garmin-fenix-5-walk.fit')];
  const readings = [walk, run].flatMap(readSessions); // the walk began first
  return { name: TWO_IN_ONE, bytes: Buffer.concat([run, walk]), readings };
}

function brokenOff(): Recorded {
  const whole = bytesOf('garmin-fenix-5-run.fit');
  const bytes = whole.subarray(0, Math.round(whole.length * 0.7));
  return { name: BROKEN_OFF, bytes, readings: undefined, warning: /./ };
}

async function startApp(name: string, settings: string[]): Promise<App> {
  const tenant = await solum.tenant(name);
  const { services } = solum.app;
  if (settings.length > 0) await services.environments.set(tenant.environment, settings);
  const receiver = await startReceiver();
  const { signingSecret } = await services.destinations.add(tenant.environment, 'webhook', { url: receiver.url });
  return { tenant, receiver, signingSecret: signingSecret ?? '', imported: new Map() };
}

/** Each file belongs to a person of its own, who is called like it. */
async function importAll(app: App): Promise<void> {
  for (const { name, bytes } of recordings) {
    const { importing } = solum.app.services;
    const { userId, files } = await importing.files(app.tenant.environment, name, [{ name, bytes }]);
    app.imported.set(name, { userId: userId ?? '', result: files[0] });
  }
}

/** Events of the file's person, in the order of their arrival. */
function eventsOf(app: App, name: string): ReceivedWebhook[] {
  return app.receiver.received.filter(({ json }) => json.user?.reference_id === name);
}

/** Activities that arrived of the file's person, by their start. */
function activitiesOf(app: App, name: string): Activity[] {
  const activities = eventsOf(app, name).flatMap(({ json }) => (json.data ?? []) as Activity[]);
  return activities.sort((a, b) => Date.parse(a.metadata.start_time) - Date.parse(b.metadata.start_time));
}

async function readBack(app: App, name: string, withSamples: boolean): Promise<unknown[]> {
  const starts = activitiesOf(app, name).map((activity) => Date.parse(activity.metadata.start_time));
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const query = new URLSearchParams({
    user_id: app.imported.get(name)?.userId ?? '',
    start_date: day(Math.min(...starts) - 86_400_000),
    end_date: day(Math.max(...starts) + 2 * 86_400_000),
    to_webhook: 'false',
    with_samples: String(withSamples),
  });
  const answer = await fetch(`${solum.url}/v2/activity?${query}`, { headers: app.tenant.key });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: unknown[] }).data;
}

test('the recordings come from more than ten different devices', () => {
  const devices = DEVICES.map((name) => readDevice(bytesOf(name)));
  expect(devices).not.toContain(undefined);
  expect(new Set(devices).size).toBe(DEVICES.length);
  expect(DEVICES.length).toBeGreaterThan(10);
});

describe.each(recordings)('$name', ({ name, warning }) => {
  test('is taken, with what is wrong with it said', () => {
    const { result } = whole.imported.get(name) ?? {};
    expect(result).toMatchObject({ outcome: 'accepted' });
    expect(result?.warnings.join('; ')).toMatch(warning ?? /^$/);
  });

  test('arrives as auth, then activity, signed', async () => {
    for (const app of [whole, summaries]) {
      const events = eventsOf(app, name);
      const [first, ...others] = events.map(({ json }) => json.type);
      expect([first, new Set(others)]).toEqual(['auth', new Set(['activity'])]);
      expect(others).toHaveLength(name === LARGE && app === whole ? 2 : 1);
      for (const { headers, text, json } of events) {
        const signature = String(headers['terra-signature']);
        expect(await verifyTerraWebhookSignature(text, signature, app.signingSecret)).toBe(true);
        await expect(verifyTerraWebhookSignature(`${text} `, signature, app.signingSecret)).rejects.toThrow();
        expect(json.user).toMatchObject({ user_id: app.imported.get(name)?.userId, provider: 'FILE' });
      }
    }
  });

  test('is read back equal, with samples and without', async () => {
    expect(await readBack(whole, name, true)).toEqual(activitiesOf(whole, name));
    expect(await readBack(summaries, name, false)).toEqual(activitiesOf(summaries, name));
    expect(await readBack(summaries, name, true)).toEqual(activitiesOf(whole, name));
  });
});

test.each(recordings.filter(({ readings }) => readings !== undefined))(
  '$name says what an independent reader finds in it',
  ({ name, readings = [] }) => {
    const activities = activitiesOf(whole, name);
    expect(readings.length).toBeGreaterThan(0);
    expect(activities.map(comparable)).toEqual(readings.map(agreeing));
    for (const [index, reading] of readings.entries()) {
      expectSameHeart(activities[index], reading);
      expectSameHeart(activitiesOf(summaries, name)[index], reading);
    }
  },
);

test('what a recording holds before it breaks off is kept', () => {
  const [activity] = activitiesOf(whole, BROKEN_OFF);
  const file = recordings.find(({ name }) => name === BROKEN_OFF)?.bytes ?? Buffer.alloc(0);
  const rates = readHeartRates(file).map(({ unixSeconds, bpm }) => [unixSeconds, bpm]);
  expect(rates.length).toBeGreaterThan(5);
  expect(activity && comparable(activity).heartRates).toEqual(rates);
});

test('samples stand in the events of the environment that wants them, and in no other', () => {
  const text = (app: App) => JSON.stringify(activitiesOf(app, 'garmin-fenix-5-run.fit'));
  expect(text(whole)).toContain('"hr_samples"');
  expect(text(summaries)).not.toContain('_samples"');
});

test('importing everything again changes nothing and sends nothing', async () => {
  const before = whole.receiver.received.length;
  const sent = new Map(recordings.map(({ name }) => [name, eventsOf(whole, name).length]));
  const first = new Map(whole.imported);
  await importAll(whole);
  for (const { name } of recordings) {
    expect(whole.imported.get(name)).toMatchObject({
      userId: first.get(name)?.userId,
      result: { outcome: 'unchanged' },
    });
  }
  // What is sent now stands behind everything that the second import could have caused.
  const { importing } = solum.app.services;
  const marker = { name: 'mark.fit', bytes: bytesOf('garmin-fenix-5-walk.fit') };
  await importing.files(whole.tenant.environment, 'marker', [marker]);
  await until(() => eventsOf(whole, 'marker').length === 2, 'the events of the marker');
  expect(whole.receiver.received.length).toBe(before + 2);
  const { rows } = await solum.app.database.pool.query(`select distinct state from raw_records`);
  expect(rows).toEqual([{ state: 'done' }]);
  for (const { name } of recordings) {
    expect(eventsOf(whole, name)).toHaveLength(sent.get(name) ?? 0);
    expect(await readBack(whole, name, true)).toEqual(activitiesOf(whole, name));
  }
});
