import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DataRig, dataRig } from '../../test/harness/data-rig.ts';
import { connect, newAccount, newPayload } from '../../test/harness/seed.ts';
import type { Connection } from '../core/connection.ts';
import type { Environment } from '../core/environment.ts';
import type { EnvironmentSettings } from '../schema/environment-settings.ts';
import type { ReadQuery } from './services.ts';

let rig: DataRig;
let connection: Connection;

beforeAll(async () => {
  rig = await dataRig();
});
beforeEach(async () => {
  await rig.begin();
  connection = await connectAs('Asia/Tokyo');
});
afterAll(() => rig.close());

async function connectAs(zone: string | undefined): Promise<Connection> {
  const more = { provider: 'FILE', zone, transport: 'live' } as const;
  const account = await rig.store.accounts.upsert(newAccount(rig.environment.id, rig.clock.now(), more));
  return connect(rig, account, 'runner-7');
}

/** A stored workout that starts at this local time (ISO with offset). */
async function keep(start: string, more: Record<string, unknown> = {}, samples?: unknown): Promise<void> {
  const metadata = { start_time: start, end_time: start, summary_id: start, ...more };
  await rig.store.payloads.upsert(
    rig.environment.id,
    newPayload(connection.id, rig.clock.now(), {
      type: 'activity',
      key: start,
      day: start.slice(0, 10),
      start: new Date(start),
      end: new Date(start),
      summary: JSON.stringify({ metadata, heart_rate_data: { summary: { avg_hr_bpm: 131 }, detailed: {} } }),
      samples: samples === undefined ? undefined : JSON.stringify(samples),
    }),
  );
}

async function read(query: Partial<ReadQuery>, environment: Environment = rig.environment) {
  const whole = { userId: connection.userId, startDate: undefined, endDate: undefined, withSamples: false, ...query };
  return rig.read.data(environment, 'activity', whole);
}

/** Starts of what a query finds. */
async function starts(startDate: string | undefined, endDate?: string): Promise<unknown[]> {
  const { data } = await read({ startDate, endDate });
  return data.map((body) => (body as { metadata: { start_time: string } }).metadata.start_time);
}

function withSettings(change: Partial<EnvironmentSettings>): Environment {
  return { ...rig.environment, settings: { ...rig.environment.settings, ...change } };
}

const LATE = '2026-02-10T23:30:00+09:00'; // 14:30 UTC
const EARLY = '2026-02-11T00:30:00+09:00'; // 15:30 UTC on the 10th
const NOON = '2026-02-12T12:00:00+09:00';

test('days compare the local date of the record, the end day is not included', async () => {
  for (const start of [NOON, LATE, EARLY]) await keep(start);
  expect(await starts('2026-02-10', '2026-02-11')).toEqual([LATE]);
  expect(await starts('2026-02-11', '2026-02-12')).toEqual([EARLY]);
  expect(await starts('2026-02-10', '2026-02-13')).toEqual([LATE, EARLY, NOON]);
  expect(await starts('2026-02-11', '2026-02-11')).toEqual([]);
  expect(await starts('2026-02-11')).toEqual([EARLY, NOON]);
});

const unix = (iso: string) => String(Date.parse(iso) / 1000);

test('unix seconds compare the instant of the start, the end is not included', async () => {
  for (const start of [NOON, LATE, EARLY]) await keep(start);
  expect(await starts(unix('2026-02-10T14:30:00Z'), unix('2026-02-10T15:30:00Z'))).toEqual([LATE]);
  expect(await starts(unix('2026-02-10T14:30:01Z'), unix('2026-02-10T15:30:01Z'))).toEqual([EARLY]);
  expect(await starts(unix('2026-02-10T15:00:00Z'))).toEqual([EARLY, NOON]);
});

test('an instant without an end reads until now', async () => {
  await keep('2026-03-01T20:59:00+09:00');
  await keep('2026-03-01T21:01:00+09:00');
  expect(rig.clock.now().toISOString()).toBe('2026-03-01T12:00:00.000Z');
  expect(await starts(unix('2026-03-01T00:00:00Z'))).toEqual(['2026-03-01T20:59:00+09:00']);
});

test('a day beside an instant is local midnight, or UTC midnight where no zone is known', async () => {
  const until = unix('2026-02-20T00:00:00Z');
  for (const start of [LATE, EARLY]) await keep(start);
  expect(await starts('2026-02-11', until)).toEqual([EARLY]);
  connection = await connectAs(undefined);
  for (const start of [LATE, '2026-02-11T09:30:00+09:00']) await keep(start);
  expect(await starts('2026-02-11', until)).toEqual(['2026-02-11T09:30:00+09:00']);
});

test('records are ordered by their start, whatever their offsets', async () => {
  const west = '2026-02-10T20:00:00-08:00';
  const east = '2026-02-11T06:00:00+09:00';
  await keep(west);
  await keep(east);
  expect(await starts('2026-02-10', '2026-02-12')).toEqual([east, west]);
});

test('a date that does not exist is a bad request', async () => {
  await expect(starts('2026-02-30')).rejects.toMatchObject({ code: 'bad_request', field: 'start_date' });
  await expect(starts('2026-02-20', 'soon')).rejects.toMatchObject({ code: 'bad_request', field: 'end_date' });
});

const series = { heart_rate_data: { detailed: { hr_samples: [{ timestamp: 't', bpm: 99 }] } } };

test('samples come when they are asked for, or when the environment always wants them', async () => {
  await keep(NOON, {}, series);
  const summary = { metadata: expect.any(Object), heart_rate_data: { summary: { avg_hr_bpm: 131 }, detailed: {} } };
  const whole = {
    ...summary,
    heart_rate_data: { summary: { avg_hr_bpm: 131 }, detailed: series.heart_rate_data.detailed },
  };
  expect((await read({})).data).toEqual([summary]);
  expect((await read({ withSamples: true })).data).toEqual([whole]);
  expect((await read({}, withSettings({ include_samples: true }))).data).toEqual([whole]);
});

test('withdrawn records are not read', async () => {
  await keep(LATE, { upload_type: 4 });
  await keep(EARLY, { upload_type: 1, deleted: true });
  await keep(NOON, { upload_type: 1 });
  expect(await starts('2026-02-01')).toEqual([NOON]);
});

test('the answer names the user', async () => {
  expect((await read({})).user).toMatchObject({
    user_id: connection.userId,
    provider: 'FILE',
    reference_id: 'runner-7',
  });
});

test('nothing stored is an empty list', async () => {
  expect((await read({ startDate: '2026-01-01' })).data).toEqual([]);
});

test.each(['sleep', 'constructor'])('%s, which the provider does not give, is unsupported', async (type) => {
  const query = { userId: connection.userId, startDate: undefined, endDate: undefined, withSamples: false };
  await expect(rig.read.data(rig.environment, type as 'sleep', query)).rejects.toMatchObject({
    code: 'data_type_unsupported',
  });
});

test('a user id that nobody has, of another environment, or that is none, is not found', async () => {
  const other = await anotherEnvironment();
  await expect(read({ userId: randomUUID() })).rejects.toMatchObject({ code: 'user_not_found' });
  await expect(read({ userId: 'me' })).rejects.toMatchObject({ code: 'user_not_found' });
  await expect(read({}, other)).rejects.toMatchObject({ code: 'user_not_found' });
});

async function anotherEnvironment(): Promise<Environment> {
  const before = rig.environment;
  await rig.begin();
  const other = rig.environment;
  rig.environment = before;
  return other;
}

test('a user id from before a reauthentication is found only where the environment says so', async () => {
  await keep(NOON);
  const old = connection.userId;
  await rig.store.connections.reauthenticate(
    rig.environment.id,
    connection.id,
    randomUUID(),
    'runner-7',
    rig.clock.now(),
  );
  await expect(read({ userId: old })).rejects.toMatchObject({ code: 'user_not_found' });
  const { data, user } = await read({ userId: old }, withSettings({ retired_user_ids: 'alias' }));
  expect(data).toHaveLength(1);
  expect(user.user_id).not.toBe(old);
});

async function request(large: boolean, query: Partial<ReadQuery> = {}) {
  const whole = { userId: connection.userId, startDate: undefined, endDate: undefined, withSamples: false, ...query };
  await rig.read.request(rig.environment, 'activity', whole, { reference: 'asked-for', large });
  return rig.events();
}

test('a requested window is one event of that reference, however many records it holds', async () => {
  for (let day = 10; day < 25; day += 1) await keep(`2026-02-${day}T08:00:00+09:00`);
  const [event, ...others] = await request(false);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ type: 'activity', version: '2022-03-16' });
  expect(event?.data).toHaveLength(15);
  const [stored] = await rig.store.events.list(rig.environment.id, { limit: 1 });
  expect(stored?.reference).toBe('asked-for');
});

test('a requested window without records is answered all the same', async () => {
  expect(await request(false)).toMatchObject([{ type: 'activity', data: [] }]);
});

test('a large window is announced with the number of its chunks', async () => {
  for (let day = 10; day < 25; day += 1) await keep(`2026-02-${day}T08:00:00+09:00`);
  const events = await request(true);
  expect(events.map((event) => event.type)).toEqual([
    'large_request_processing',
    'large_request_sending',
    'activity',
    'activity',
  ]);
  expect(events[1]).toMatchObject({ expected_payloads: 2, reference: 'asked-for' });
  expect(events.slice(2).map((event) => event.data?.length)).toEqual([10, 5]);
});

test('a request gets samples when it asks for them', async () => {
  const samples = { heart_rate_data: { detailed: { hr_samples: [{ timestamp: LATE, bpm: 61 }] } } };
  await keep(LATE, {}, samples);
  const [without] = await request(false);
  expect(JSON.stringify(without)).not.toContain('"bpm"');
  const [, whole] = await request(false, { withSamples: true });
  expect(whole?.data).toMatchObject([samples]);
});
