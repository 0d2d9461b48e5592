import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { newPayload, seedConnection, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { NewPayload, PayloadFilter } from '../core/payload.ts';

onEachServer('payloads', (server) => {
  let on: TestStore;
  let environmentId: string;
  let connectionId: string;
  beforeAll(async () => {
    on = await testStore(server);
    environmentId = (await seedEnvironment(on)).id;
  });
  afterAll(() => on.close());
  beforeEach(async () => {
    connectionId = (await seedConnection(on, environmentId)).id;
  });

  const payload = (more: Partial<NewPayload> = {}) => newPayload(connectionId, on.clock.now(), more);
  const upsert = (more: Partial<NewPayload> = {}) => on.store.payloads.upsert(environmentId, payload(more));
  const list = (filter: Partial<PayloadFilter> = {}) =>
    on.store.payloads.list(environmentId, { connectionId, type: 'sleep', withSamples: false, ...filter });

  test('a payload comes back as it was stored, with samples where they are asked for', async () => {
    await upsert();
    const bare = { key: 'summary-1', day: '2026-02-28', summary: '{"duration":28800}', samples: undefined };
    expect(await list()).toEqual([bare]);
    expect(await list({ withSamples: true })).toEqual([{ ...bare, samples: '{"heart":[50,51]}' }]);
  });

  test('a read without samples never opens them', async () => {
    await upsert();
    await on.pool.query(`update payloads set samples = '\\x00' where connection_id = $1`, [connectionId]);
    expect(await list()).toHaveLength(1);
    await expect(list({ withSamples: true })).rejects.toThrow();
  });

  test('the same key is replaced, sources included', async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await upsert({ sources: [a, b] });
    await upsert({ day: '2026-03-01', summary: '{"duration":1}', samples: undefined, sources: [b, c] });
    expect(await list({ withSamples: true })).toEqual([
      { key: 'summary-1', day: '2026-03-01', summary: '{"duration":1}', samples: undefined },
    ]);
    const { rows } = await on.pool.query('select raw_id from payload_sources where connection_id = $1', [connectionId]);
    expect(rows.map((row) => row.raw_id).sort()).toEqual([b, c].sort());
  });

  test('only the same content under the same key is unchanged', async () => {
    const unchanged = (more: Partial<NewPayload> = {}) => on.store.payloads.unchanged(environmentId, payload(more));
    expect(await unchanged()).toBe(false);
    await upsert();
    expect(await unchanged()).toBe(true);
    expect(await unchanged({ updatedAt: new Date(0), sources: [randomUUID()] })).toBe(true);
    expect(await unchanged({ summary: '{"duration":28801}' })).toBe(false);
    expect(await unchanged({ samples: '{"heart":[50,52]}' })).toBe(false);
    expect(await unchanged({ samples: undefined })).toBe(false);
    expect(await unchanged({ key: 'summary-2' })).toBe(false);
    expect(await unchanged({ type: 'daily' })).toBe(false);
    const { id: other } = await seedEnvironment(on);
    expect(await on.store.payloads.unchanged(other, payload())).toBe(false);
  });

  test('equal content of two people has different hashes', async () => {
    await upsert();
    const second = (await seedConnection(on, environmentId)).id;
    await on.store.payloads.upsert(environmentId, payload({ connectionId: second }));
    const { rows } = await on.pool.query('select hash from payloads where connection_id = any($1)', [
      [connectionId, second],
    ]);
    expect(rows[0].hash.equals(rows[1].hash)).toBe(false);
  });

  test('local days and instants select half-open ranges, in order', async () => {
    const at = (day: string) => new Date(`${day}T22:00:00.000Z`);
    for (const day of ['2026-02-03', '2026-02-01', '2026-02-02']) {
      await upsert({ key: day, day, start: at(day), end: undefined });
    }
    await upsert({ key: 'undated', day: '2026-02-02', start: undefined, end: undefined });
    const keys = async (filter: Partial<PayloadFilter>) => (await list(filter)).map((one) => one.key);
    expect(await keys({ days: { from: '2026-02-01', to: '2026-02-02' } })).toEqual(['2026-02-01']);
    expect(await keys({ days: { from: '2026-02-02', to: undefined } })).toEqual([
      '2026-02-02',
      'undated',
      '2026-02-03',
    ]);
    expect(await keys({ instants: { from: at('2026-02-01'), to: at('2026-02-03') } })).toEqual([
      '2026-02-01',
      '2026-02-02',
    ]);
    expect(await keys({ type: 'daily' })).toEqual([]);
  });

  test('types are those that have a payload', async () => {
    await upsert();
    await upsert({ type: 'daily', key: 'd' });
    await upsert({ key: 'summary-2' });
    expect(await on.store.payloads.types(environmentId, connectionId)).toEqual(['daily', 'sleep']);
  });

  test('a foreign environment neither reads nor writes', async () => {
    await upsert();
    const { id: other } = await seedEnvironment(on);
    const filter = { connectionId, type: 'sleep' as const, withSamples: true };
    expect(await on.store.payloads.list(other, filter)).toEqual([]);
    expect(await on.store.payloads.types(other, connectionId)).toEqual([]);
    const stolen = on.store.payloads.upsert(other, payload({ summary: '{}' }));
    await expect(stolen).rejects.toMatchObject({ code: 'not_found' });
    expect((await list())[0]?.summary).toBe('{"duration":28800}');
  });

  test('swapped bodies do not open: between keys, and between summary and samples', async () => {
    await upsert();
    await upsert({ key: 'summary-2', summary: '{"duration":2}' });
    await on.pool.query(
      `update payloads b set summary = a.summary from payloads a
       where a.connection_id = $1 and b.connection_id = $1 and a.key = 'summary-1' and b.key = 'summary-2'`,
      [connectionId],
    );
    await expect(list()).rejects.toThrow();
    await on.pool.query(`update payloads set summary = samples where connection_id = $1`, [connectionId]);
    await expect(list()).rejects.toThrow();
  });
});
