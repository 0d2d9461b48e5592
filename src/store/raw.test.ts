import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { leaseLane, newRaw, seedConnection, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { LaneLease } from '../core/lanes.ts';
import type { NewRaw } from '../core/raw.ts';
import { isAtLeast, isAtLeastSql } from './raw-version.ts';

onEachServer('raw records', (server) => {
  let on: TestStore;
  let environmentId: string;
  let connectionId: string;
  let lease: LaneLease;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());
  beforeEach(async () => {
    environmentId = (await seedEnvironment(on)).id;
    connectionId = (await seedConnection(on, environmentId)).id;
    lease = await leaseLane(on, 'normalise', environmentId, connectionId);
  });

  const later = (ms: number) => new Date(on.clock.now().getTime() + ms);
  const raw = (more: Partial<NewRaw> = {}) => newRaw(connectionId, on.clock.now(), more);
  const put = (...records: NewRaw[]) => on.store.raw.put(environmentId, records);
  const waiting = (at = on.clock.now(), limit = 10) => on.store.raw.waiting(lease, at, limit);
  const texts = async () => (await waiting()).map((record) => Buffer.from(record.body).toString());

  test('a record comes back as it was put', async () => {
    const body = Buffer.from([0, 255, 1, 254]);
    const [id] = await put(raw({ body, encoding: 'fit', day: '2026-02-28' }));
    expect(await waiting()).toEqual([
      { ...raw({ body, encoding: 'fit', day: '2026-02-28' }), environmentId, id, deleted: false },
    ]);
    const { rows } = await on.pool.query('select body from raw_records where id = $1', [id]);
    expect(rows[0].body.includes(body)).toBe(false);
  });

  test('one row for each record, and for each day of a series', async () => {
    await put(
      raw({ body: Buffer.from('a') }),
      raw({ identity: 'night-2', body: Buffer.from('b') }),
      raw({ resource: 'heart', body: Buffer.from('c') }),
      raw({ resource: 'heart', day: '2026-02-28', body: Buffer.from('d') }),
    );
    expect((await texts()).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a newer version replaces, an older one changes nothing', async () => {
    const [id] = await put(raw({ version: '9', body: Buffer.from('old') }));
    expect(await put(raw({ version: '10', body: Buffer.from('new') }))).toEqual([id]);
    expect(await put(raw({ version: '9', body: Buffer.from('late') }))).toEqual([]);
    expect(await texts()).toEqual(['new']);
  });

  test('an equal copy changes nothing, an equal version with other content replaces', async () => {
    await put(raw({ body: Buffer.from('a') }));
    await on.store.raw.done(environmentId, await waiting());
    expect(await put(raw({ body: Buffer.from('a') }))).toEqual([]);
    expect(await texts()).toEqual([]);
    expect(await put(raw({ body: Buffer.from('b') }))).toHaveLength(1);
    expect(await texts()).toEqual(['b']);
  });

  test('an equal copy of a newer version makes versions between them old', async () => {
    await put(raw({ version: '1', body: Buffer.from('a') }));
    expect(await put(raw({ version: '3', body: Buffer.from('a') }))).toEqual([]);
    expect(await put(raw({ version: '2', body: Buffer.from('b') }))).toEqual([]);
    expect(await texts()).toEqual(['a']);
  });

  test('of several copies in one put the newest stays', async () => {
    const copies = ['2', '10', '9'].map((version) => raw({ version, body: Buffer.from(version) }));
    expect(await put(...copies)).toHaveLength(1);
    expect(await texts()).toEqual(['10']);
  });

  test('puts at once end with the newest, whatever their order', async () => {
    const records = (version: number) =>
      ['x', 'y', 'z'].map((identity) =>
        raw({ identity, version: String(version), body: Buffer.from(`${identity}${version}`) }),
      );
    await Promise.all([3, 11, 7, 10, 1, 9].map((version) => put(...records(version).reverse())));
    expect((await texts()).sort()).toEqual(['x11', 'y11', 'z11']);
  });

  test('rows wait in the order they came, up to the limit', async () => {
    for (const identity of ['a', 'b', 'c']) await put(raw({ identity, body: Buffer.from(identity) }));
    expect((await waiting(on.clock.now(), 2)).map((record) => record.identity)).toEqual(['a', 'b']);
    expect(await waiting(later(-1))).toEqual([]);
  });

  test('a normalised row waits no longer', async () => {
    await put(raw(), raw({ identity: 'night-2' }));
    await on.store.raw.done(environmentId, await waiting());
    expect(await waiting()).toEqual([]);
  });

  test('a row that changed since it was read goes on waiting, also at the same instant and version', async () => {
    await put(raw({ body: Buffer.from('a') }));
    const read = await waiting();
    await put(raw({ body: Buffer.from('b') }));
    await on.store.raw.done(environmentId, read);
    expect(await texts()).toEqual(['b']);
    const [first] = read;
    if (!first) throw new Error('nothing was read');
    await on.store.raw.setAside(environmentId, first, 'unreadable');
    await on.store.raw.park(environmentId, first, later(60_000), 'later');
    expect(await texts()).toEqual(['b']);
  });

  test('a row that cannot be used is kept aside until it changes', async () => {
    await put(raw());
    const [record] = await waiting();
    if (!record) throw new Error('nothing was read');
    await on.store.raw.setAside(environmentId, record, 'no date');
    expect(await waiting()).toEqual([]);
    const { rows } = await on.pool.query('select state, reason from raw_records where id = $1', [record.id]);
    expect(rows).toEqual([{ state: 'aside', reason: 'no date' }]);
    await put(raw({ version: '2', body: Buffer.from('fixed') }));
    expect(await texts()).toEqual(['fixed']);
  });

  test('a parked row waits until its time', async () => {
    await put(raw());
    const [record] = await waiting();
    if (!record) throw new Error('nothing was read');
    await on.store.raw.park(environmentId, record, later(60_000), 'the mapper failed');
    expect(await waiting(later(59_999))).toEqual([]);
    expect((await waiting(later(60_000))).map(({ id }) => id)).toEqual([record.id]);
  });

  test('records of many connections are put together; those of unknown ones are dropped', async () => {
    const { id: second } = await seedConnection(on, environmentId);
    const foreign = await seedConnection(on, (await seedEnvironment(on)).id);
    const ids = await put(
      raw(),
      newRaw(second, on.clock.now()),
      newRaw(randomUUID(), on.clock.now()),
      newRaw(foreign.id, on.clock.now()),
    );
    expect(ids).toHaveLength(2);
    expect(await put(newRaw(foreign.id, on.clock.now()))).toEqual([]);
  });

  test('a foreign environment ends nothing', async () => {
    await put(raw());
    const { id: other } = await seedEnvironment(on);
    await on.store.raw.done(other, await waiting());
    expect(await waiting()).toHaveLength(1);
  });

  test('bodies swapped between two rows do not open', async () => {
    await put(raw({ body: Buffer.from('a') }), raw({ identity: 'night-2', body: Buffer.from('b') }));
    await on.pool.query(
      `update raw_records b set body = a.body from raw_records a
       where a.connection_id = $1 and b.connection_id = $1 and a.identity = 'night-1' and b.identity = 'night-2'`,
      [connectionId],
    );
    await expect(waiting()).rejects.toThrow();
  });

  test('puts while the connection is deleted leave no row behind', async () => {
    const puts = Array.from({ length: 8 }, (_, n) => put(raw({ identity: `night-${n}` })));
    await Promise.all([
      ...puts.slice(0, 4),
      on.store.connections.delete(environmentId, connectionId),
      ...puts.slice(4),
    ]);
    const { rows } = await on.pool.query('select from raw_records where connection_id = $1', [connectionId]);
    expect(rows).toHaveLength(0);
  });

  test('the database orders versions as this process does', async () => {
    const versions = [
      '',
      '0',
      '9',
      '10',
      '010',
      '2026-02-28T10:00:00Z',
      '2026-03-01',
      'a',
      'B',
      'é',
      '🏃',
      '1.5',
      '999999999999999999999',
    ];
    for (const a of versions) {
      for (const b of versions) {
        const { rows } = await on.pool.query(`select ${isAtLeastSql('$1::text', '$2::text')} as answer`, [a, b]);
        expect([a, b, rows[0].answer]).toEqual([a, b, isAtLeast(a, b)]);
      }
    }
  });
});
