import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DataRig, dataRig, registryOf, stored } from '../../test/harness/data-rig.ts';
import { createFileDecoder } from '../formats/decoder.ts';
import { chained, fitSeconds, smallFit } from '../formats/fit/make-fit.fixture.ts';
import file from '../providers/file/manifest.ts';
import type { Activity } from '../schema/activity.ts';
import { createFilePreview } from './preview.ts';
import type { ImportFile } from './services.ts';

let rig: DataRig;

beforeAll(async () => {
  rig = await dataRig();
});
beforeEach(async () => {
  await rig.begin();
  await includeSamples();
});
afterAll(() => rig.close());

const morning = smallFit();
const evening = smallFit({ start: fitSeconds('2026-02-03T18:00:00Z') });
const settings = smallFit({ fileType: 2 });

/** So that an event is the whole payload. */
async function includeSamples(): Promise<void> {
  const settings = { ...rig.environment.settings, include_samples: true };
  await rig.store.environments.saveSettings(rig.environment.id, settings);
}

function files(...contents: Uint8Array[]): ImportFile[] {
  return contents.map((bytes, index) => ({ name: `${index + 1}.fit`, bytes }));
}

function importAs(referenceId: string, ...contents: Uint8Array[]) {
  return rig.importing.files(rig.environment, referenceId, files(...contents));
}

async function userIdOf(referenceId: string, ...contents: Uint8Array[]): Promise<string> {
  return (await importAs(referenceId, ...contents)).userId ?? '';
}

test('a first file makes the connection, announces it, then its workout', async () => {
  const { userId, files: results } = await importAs('runner-7', morning);
  expect(results).toEqual([{ name: '1.fit', outcome: 'accepted', payloads: 1, warnings: [] }]);
  expect(await rig.eventTypes()).toEqual(['auth']);
  await rig.settle();
  expect(await rig.eventTypes()).toEqual(['auth', 'activity']);
  const [auth, activity] = await rig.events();
  expect(auth).toMatchObject({
    status: 'success',
    reference_id: 'runner-7',
    user: { user_id: userId, provider: 'FILE', reference_id: 'runner-7', active: true, scopes: null },
  });
  expect(activity).toEqual({ type: 'activity', version: '2022-03-16', data: [expect.any(Object)] });
  expect(activity?.data?.[0]).toMatchObject({
    metadata: { start_time: '2026-02-03T09:15:00.000000+02:00', type: 8 },
    heart_rate_data: {
      summary: { avg_hr_bpm: 125 },
      detailed: { hr_samples: [{ bpm: 120 }, { bpm: 124 }, { bpm: 131 }] },
    },
  });
});

test('what is stored is what was announced', async () => {
  const userId = await userIdOf('runner-7', morning);
  await rig.settle();
  const [, activity] = await rig.events();
  expect(await stored(rig, userId, 'activity')).toEqual(activity?.data);
});

test('the account is that of the reference id, without a grant', async () => {
  await importAs('runner-7', morning);
  const account = await rig.store.accounts.find(rig.environment.id, 'FILE', 'reference:runner-7', 'live');
  expect(account).toMatchObject({ state: 'active', scopes: undefined, expiresAt: undefined });
});

test('the same bytes again change nothing and tell nobody', async () => {
  const first = await importAs('runner-7', morning);
  await rig.settle();
  rig.clock.advance(60_000);
  const again = await importAs('runner-7', morning);
  expect(again).toEqual({
    userId: first.userId,
    files: [{ name: '1.fit', outcome: 'unchanged', payloads: 1, warnings: [] }],
  });
  await rig.settle();
  expect(await rig.eventTypes()).toEqual(['auth', 'activity']);
});

test('a later file joins the connection without another auth', async () => {
  const userId = await userIdOf('runner-7', morning);
  await rig.settle();
  expect(await userIdOf('runner-7', evening)).toBe(userId);
  await rig.settle();
  expect(await rig.eventTypes()).toEqual(['auth', 'activity', 'activity']);
  expect(await stored(rig, userId, 'activity')).toHaveLength(2);
});

test('a corrected copy of a recording replaces it under the same summary id', async () => {
  const userId = await userIdOf('runner-7', smallFit({ averageHeartRate: 125 }));
  await rig.settle();
  rig.clock.advance(1_000);
  await importAs('runner-7', smallFit({ averageHeartRate: 126 }));
  await rig.settle();
  const [before, after] = (await rig.events('activity')).map((event) => event.data?.[0] as Activity | undefined);
  expect(after?.metadata.summary_id).toBe(before?.metadata.summary_id);
  expect(after?.heart_rate_data?.summary?.avg_hr_bpm).toBe(126);
  expect(await stored(rig, userId, 'activity')).toEqual([after]);
});

test('a copy that differs in nothing that is mapped is kept and not announced', async () => {
  await importAs('runner-7', morning);
  await rig.settle();
  rig.clock.advance(1_000);
  const wrongChecksum = Uint8Array.from(morning);
  wrongChecksum[wrongChecksum.length - 1] = (wrongChecksum.at(-1) ?? 0) ^ 1;
  const { files: results } = await importAs('runner-7', wrongChecksum);
  expect(results).toMatchObject([
    { outcome: 'accepted', warnings: ['the checksum is wrong; the file may be damaged'] },
  ]);
  await rig.settle();
  expect(await rig.eventTypes()).toEqual(['auth', 'activity']);
});

test('two people may bring the same file; their records do not meet', async () => {
  const one = await userIdOf('runner-7', morning);
  const other = await userIdOf('runner-8', morning);
  await rig.settle();
  expect(other).not.toBe(one);
  const ids = (await rig.events('activity')).map(
    (event) => (event.data?.[0] as Activity | undefined)?.metadata.summary_id,
  );
  expect(new Set(ids).size).toBe(2);
});

test('settings chained to a workout are left out with a word', async () => {
  const { files: results } = await importAs('runner-7', chained(morning, settings));
  expect(results).toEqual([
    {
      name: '1.fit',
      outcome: 'accepted',
      payloads: 1,
      warnings: ['a part was left out: it holds settings, not a workout'],
    },
  ]);
  await rig.settle();
  expect(await rig.eventTypes()).toEqual(['auth', 'activity']);
  expect(rig.log.lines.filter((line) => line.level === 'warn')).toEqual([]);
});

test('files that cannot be used are refused with the reason, the others are taken', async () => {
  const text = new TextEncoder().encode('<gpx/>');
  const { userId, files: results } = await importAs('runner-7', settings, morning, text, morning.subarray(0, 30));
  expect(userId).toBeDefined();
  expect(results.map(({ outcome, payloads, warnings }) => [outcome, payloads, warnings])).toEqual([
    ['refused', 0, ['it holds settings, not a workout']],
    ['accepted', 1, []],
    ['refused', 0, ['the format is not known; FIT files can be read']],
    ['refused', 0, [expect.any(String)]],
  ]);
});

test('when no file can be used, no connection is made and nobody is told', async () => {
  const refused = await importAs('runner-7', settings);
  expect(refused.userId).toBeUndefined();
  expect(refused.files[0]?.outcome).toBe('refused');
  expect(await rig.eventTypes()).toEqual([]);
  expect(await rig.store.connections.ofReference(rig.environment.id, 'runner-7')).toEqual([]);
  const userId = await userIdOf('runner-7', morning);
  expect((await importAs('runner-7', settings)).userId).toBe(userId);
});

test('the same file twice in one call is taken once', async () => {
  const { files: results } = await importAs('runner-7', morning, morning);
  expect(results.map((result) => result.outcome)).toEqual(['accepted', 'unchanged']);
});

test('two first imports at once make one connection and one auth', async () => {
  const both = await Promise.all([userIdOf('runner-7', morning), userIdOf('runner-7', evening)]);
  expect(new Set(both).size).toBe(1);
  await rig.settle();
  expect((await rig.eventTypes()).filter((type) => type === 'auth')).toHaveLength(1);
  expect(await stored(rig, both[0], 'activity')).toHaveLength(2);
});

test('at the user limit a new reference id is refused, a known one is not', async () => {
  await importAs('runner-7', morning);
  const full = { ...rig.environment, settings: { ...rig.environment.settings, user_limit: 1 } };
  await expect(rig.importing.files(full, 'runner-8', files(morning))).rejects.toMatchObject({ code: 'user_limit' });
  expect(await rig.store.accounts.find(rig.environment.id, 'FILE', 'reference:runner-8', 'live')).toBeUndefined();
  expect((await rig.importing.files(full, 'runner-7', files(evening))).files[0]?.outcome).toBe('accepted');
});

test.each([[''], ['x'.repeat(257)]])('a reference id has 1 to 256 characters (%#)', async (referenceId) => {
  await expect(importAs(referenceId, morning)).rejects.toMatchObject({ code: 'bad_request', field: 'reference_id' });
});

test('no file at all is a bad request', async () => {
  await expect(importAs('runner-7')).rejects.toMatchObject({ code: 'bad_request', field: 'file' });
});

test('an environment may switch files off', async () => {
  await rig.store.providerChoices.setEnabled(rig.environment.id, 'FILE', false);
  await expect(importAs('runner-7', morning)).rejects.toMatchObject({ code: 'provider_not_enabled' });
});

test('a preview shows what an import would store, without a database', async () => {
  const decoder = createFileDecoder();
  const preview = createFilePreview({ providers: registryOf(file), decoder });
  const shown = await preview('runner-7', files(morning, settings, evening));
  await decoder.close();
  expect(shown.files.map((result) => result.outcome)).toEqual(['accepted', 'refused', 'accepted']);
  const userId = await userIdOf('runner-7', morning, evening);
  await rig.settle();
  expect(shown.payloads).toEqual({ activity: await stored(rig, userId, 'activity') });
});

test('no heart rate and no place is in any log line', async () => {
  await importAs('runner-7', morning);
  await rig.settle();
  expect(JSON.stringify(rig.log.lines)).not.toMatch(/bpm|125|131|runner-7/);
});
