import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DataRig, dataRig, RUNNING, registryOf, stored } from '../../test/harness/data-rig.ts';
import { connect, leaseLane, newAccount } from '../../test/harness/seed.ts';
import type { Connection } from '../core/connection.ts';
import { defineProvider, type MappedPayload, type Provider } from '../core/provider.ts';
import type { NewRaw } from '../core/raw.ts';
import { createNormaliseService } from './normalise.ts';

/** A made-up provider of workouts, whose records say what they want done with them. */
interface Workout {
  id: string;
  start: string;
  kilocalories?: unknown;
  day?: string;
  mood?: 'map throws' | 'group throws' | 'no use' | 'gives nothing';
  bpm?: number[];
}

function mapWorkout(workout: Workout, summaryId: string): MappedPayload {
  const samples = workout.bpm?.map((bpm, index) => ({ timestamp: `t${index}`, bpm }));
  return {
    key: summaryId,
    day: workout.start.slice(0, 10),
    start: new Date(workout.start),
    end: new Date(workout.start),
    body: {
      metadata: { summary_id: summaryId, start_time: workout.start, end_time: workout.start, type: 8, upload_type: 1 },
      calories_data: { total_burned_calories: workout.kilocalories ?? null },
      ...(samples && { heart_rate_data: { detailed: { hr_samples: samples } } }),
    },
  };
}

const acme: Provider = defineProvider({
  id: 'ACME',
  name: 'Acme',
  domains: ['acme.example'],
  capabilities: ['file'],
  hosts: {},
  credentials: [],
  auth: { kind: 'none' },
  resources: {
    workouts: {
      kind: 'record',
      requests: () => [],
      records: (body) => body as Workout[],
      identity: (workout: Workout) => workout.id,
      day: (workout: Workout) => workout.start.slice(0, 10),
      unusable: (workout: Workout) => (workout.mood === 'no use' ? 'it is of no use' : undefined),
      window: { maxDays: 1, filterOn: 'start', overlapDays: 0 },
    },
  },
  dataTypes: {
    activity: {
      anchor: ['workouts'],
      joins: [],
      group: (workout: Workout) => {
        if (workout.mood === 'group throws') throw new RangeError(`cannot group ${workout.kilocalories}`);
        return workout.id;
      },
      map: (group, context) =>
        (group.workouts ?? []).flatMap((workout: Workout) => {
          if (workout.mood === 'map throws') throw new TypeError(`cannot map ${workout.kilocalories}`);
          return workout.mood === 'gives nothing'
            ? []
            : [mapWorkout(workout, context.summaryId('workouts', workout.id))];
        }),
    },
  },
  limits: [],
});

let rig: DataRig;
let connection: Connection;

beforeAll(async () => {
  rig = await dataRig(acme);
});
beforeEach(async () => {
  await rig.begin();
  const account = await rig.store.accounts.upsert(newAccount(rig.environment.id, rig.clock.now(), { zone: undefined }));
  connection = await connect(rig, account);
});
afterAll(() => rig.close());

function workout(id: number, more: Partial<Workout> = {}): Workout {
  return { id: `w${id}`, start: `2026-02-${String(id).padStart(2, '0')}T06:00:00.000000+00:00`, ...more };
}

function raw(of: Workout, more: Partial<NewRaw> = {}): NewRaw {
  const now = rig.clock.now();
  return {
    connectionId: connection.id,
    resource: 'workouts',
    identity: of.id,
    day: '',
    version: now.toISOString(),
    body: Buffer.from(JSON.stringify(of)),
    encoding: 'json',
    receivedAt: now,
    ...more,
  };
}

/** Puts records as a fetch does, and serves the lane. */
async function bring(...records: NewRaw[]): Promise<void> {
  await put(...records);
  await rig.settle();
}

async function put(...records: NewRaw[]): Promise<void> {
  await rig.store.raw.put(rig.environment.id, records);
  await rig.store.lanes.wake('normalise', rig.environment.id, [connection.id], rig.clock.now());
}

function storedActivities(): Promise<unknown[]> {
  return stored(rig, connection.userId, 'activity');
}

async function states(): Promise<Record<string, [string, string | null]>> {
  const { rows } = await rig.pool.query('select identity, state, reason from raw_records where connection_id = $1', [
    connection.id,
  ]);
  return Object.fromEntries(rows.map((row) => [row.identity, [row.state, row.reason]]));
}

const ids = (list: unknown[] | undefined) =>
  list?.map((body) => (body as { metadata: { start_time: string } }).metadata.start_time.slice(8, 10));

test('records become payloads and one event, oldest first', async () => {
  await bring(raw(workout(3)), raw(workout(1)), raw(workout(2)));
  expect(ids(await storedActivities())).toEqual(['01', '02', '03']);
  const events = await rig.events();
  expect(events.map((event) => ids(event.data))).toEqual([['01', '02', '03']]);
  expect(await states()).toEqual({ w1: ['done', null], w2: ['done', null], w3: ['done', null] });
});

test('the event is anchored in time and belongs to the connection', async () => {
  await bring(raw(workout(1, { bpm: [61, 62] })));
  const [event] = await rig.store.events.list(rig.environment.id, { limit: 10 });
  expect(event).toMatchObject({
    type: 'activity',
    isData: true,
    connectionId: connection.id,
    orderingTimestamp: rig.clock.now().getTime(),
  });
  expect((await rig.events())[0]).not.toHaveProperty('user');
});

test('events hold samples only where the environment includes them', async () => {
  await bring(raw(workout(1, { bpm: [61, 62] })));
  await rig.store.environments.saveSettings(rig.environment.id, { ...rig.environment.settings, include_samples: true });
  await bring(raw(workout(2, { bpm: [71, 72] })));
  const [without, whole] = await rig.events();
  expect(JSON.stringify(without)).not.toContain('"bpm"');
  expect(whole?.data).toMatchObject([{ heart_rate_data: { detailed: { hr_samples: [{ bpm: 71 }, { bpm: 72 }] } } }]);
});

test('more records than a batch holds are all normalised', async () => {
  await bring(...Array.from({ length: 25 }, (_, index) => raw(workout(index + 1))));
  expect(await storedActivities()).toHaveLength(25);
  const counts = (await rig.events()).map((event) => event.data?.length ?? 0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(25);
  expect(Math.max(...counts)).toBeLessThanOrEqual(10);
});

test('a record whose mapper throws is set aside, the others go on', async () => {
  await bring(raw(workout(1)), raw(workout(2, { mood: 'map throws', kilocalories: 4711 })), raw(workout(3)));
  expect(ids(await storedActivities())).toEqual(['01', '03']);
  expect((await states()).w2).toEqual(['aside', 'mapping to activity failed (TypeError)']);
  expect(JSON.stringify(rig.log.lines)).not.toContain('4711');
});

test.each([
  [{ mood: 'group throws', kilocalories: 4711 } as const, 'grouping for activity failed (RangeError)'],
  [{ mood: 'no use' } as const, 'it is of no use'],
  [{ kilocalories: 'four' }, 'activity does not fit the wire model at calories_data.total_burned_calories'],
])('what cannot be used is set aside with a reason that holds no value (%#)', async (more, reason) => {
  await bring(raw(workout(1, more)), raw(workout(2)));
  expect((await states()).w1).toEqual(['aside', reason]);
  expect(ids(await storedActivities())).toEqual(['02']);
  const warnings = rig.log.lines.filter((line) => line.level === 'warn');
  expect(warnings).toMatchObject([{ fields: { reason, resource: 'workouts', provider: 'ACME' } }]);
  expect(JSON.stringify(warnings)).not.toMatch(/4711|four/);
});

test('what is not JSON, and a resource that the provider does not have, are set aside', async () => {
  const broken = raw(workout(1), { body: Buffer.from('{"id":') });
  await bring(broken, raw(workout(2), { resource: 'rides' }), raw(workout(3)));
  expect(await states()).toEqual({
    w1: ['aside', 'it is not JSON'],
    w2: ['aside', 'the provider has no resource rides'],
    w3: ['done', null],
  });
});

test('a file that cannot be decoded is set aside', async () => {
  await bring(raw(workout(1), { encoding: 'fit', body: Buffer.from('no recording') }));
  expect((await states()).w1).toEqual(['aside', 'this is not a FIT file']);
});

test('a record that gives no payload is done', async () => {
  await bring(raw(workout(1, { mood: 'gives nothing' })));
  expect(await states()).toEqual({ w1: ['done', null] });
  expect(await rig.events()).toEqual([]);
});

test('a record that was set aside is tried again in a new version', async () => {
  await bring(raw(workout(1, { mood: 'map throws' })));
  rig.clock.advance(1_000);
  await bring(raw(workout(1)));
  expect(await states()).toEqual({ w1: ['done', null] });
  expect(ids(await storedActivities())).toEqual(['01']);
});

test('a new version that maps to the same is not announced again, a different one is', async () => {
  await bring(raw(workout(1, { kilocalories: 300 })));
  rig.clock.advance(1_000);
  await bring(raw(workout(1, { kilocalories: 300, day: 'ignored by the mapper' })));
  expect(await rig.events()).toHaveLength(1);
  rig.clock.advance(1_000);
  await bring(raw(workout(1, { kilocalories: 301 })));
  expect(await rig.events()).toHaveLength(2);
  expect(await storedActivities()).toMatchObject([{ calories_data: { total_burned_calories: 301 } }]);
});

test('a change in the samples alone is announced', async () => {
  await bring(raw(workout(1, { bpm: [61] })));
  rig.clock.advance(1_000);
  await bring(raw(workout(1, { bpm: [61, 62] })));
  expect(await rig.events()).toHaveLength(2);
});

test('raw rows are remembered as the sources of their payload', async () => {
  await bring(raw(workout(1)), raw(workout(2)));
  const { rows } = await rig.pool.query(
    `select r.identity from payload_sources s join raw_records r on r.connection_id = s.connection_id and r.id = s.raw_id
     where s.connection_id = $1 order by 1`,
    [connection.id],
  );
  expect(rows).toEqual([{ identity: 'w1' }, { identity: 'w2' }]);
});

test('records of a provider that is not loaded wait, and are taken up when it is', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  const without = createNormaliseService({ ...rig, providers: registryOf() });
  await without.serve(lease, RUNNING);
  expect(await states()).toEqual({ w1: ['waiting', 'the provider is not loaded'] });
  await rig.normalise.serve(lease, RUNNING);
  expect(await storedActivities()).toEqual([]);
  rig.clock.advance(3_600_000);
  await rig.normalise.serve(lease, RUNNING);
  expect(ids(await storedActivities())).toEqual(['01']);
});

test('a worker that has lost its lease writes nothing', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  await rig.normalise.serve(lease, { signal: AbortSignal.abort(), stopping: false });
  expect(await states()).toEqual({ w1: ['waiting', null] });
});

test('a lease that is lost while a batch is mapped writes nothing of it', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  const controller = new AbortController();
  const losing: Provider = {
    ...acme,
    dataTypes: {
      activity: {
        anchor: ['workouts'],
        joins: [],
        group: (record: Workout) => record.id,
        map: (group, context) => {
          controller.abort();
          return acme.dataTypes.activity?.map(group, context) ?? [];
        },
      },
    },
  };
  const service = createNormaliseService({ ...rig, providers: registryOf(losing) });
  await service.serve(lease, { signal: controller.signal, stopping: false });
  expect(await states()).toEqual({ w1: ['waiting', null] });
  expect(await rig.events()).toEqual([]);
});

test('when it has to stop, it begins no batch', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  await rig.normalise.serve(lease, { ...RUNNING, stopping: true });
  expect(await states()).toEqual({ w1: ['waiting', null] });
});

test('when telling fails, nothing is stored and the record waits', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  const store: typeof rig.store = {
    ...rig.store,
    transaction: (work) =>
      rig.store.transaction((tx) =>
        work({ ...tx, events: { ...tx.events, append: () => Promise.reject(new Error('no space left')) } }),
      ),
  };
  const service = createNormaliseService({ ...rig, store, providers: registryOf(acme) });
  await expect(service.serve(lease, RUNNING)).rejects.toThrow('no space left');
  expect(await storedActivities()).toEqual([]);
  expect(await states()).toEqual({ w1: ['waiting', null] });
});

test('records of a connection that is gone are left alone', async () => {
  await put(raw(workout(1)));
  const lease = await leaseLane(rig, 'normalise', rig.environment.id, connection.id);
  await rig.store.connections.delete(rig.environment.id, connection.id);
  await rig.normalise.serve(lease, RUNNING);
  expect(await rig.events()).toEqual([]);
});
