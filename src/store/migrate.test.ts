import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyDatabase, onEachServer, type TestDatabase } from '../../test/harness/database.ts';
import { applyMigrations, type Migration, migrate, readMigrations } from './migrate.ts';

const first: Migration = { number: 1, sql: 'create table stars (name text)', checksum: 'a' };
const second: Migration = { number: 2, sql: 'alter table stars add column size integer', checksum: 'b' };

onEachServer('migrations', (server) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await emptyDatabase(server);
  });
  afterEach(() => database.close());

  test('an empty database gets the whole schema, a second run changes nothing', async () => {
    expect(await migrate(database.pool)).toBeGreaterThan(0);
    expect(await migrate(database.pool)).toBe(0);
    expect((await database.pool.query('select * from deliveries')).rows).toEqual([]);
  });

  test('several starts at once apply each migration once', async () => {
    const counts = await Promise.all([1, 2, 3, 4].map(() => applyMigrations(database.pool, [first, second])));
    expect(counts.sort()).toEqual([0, 0, 0, 2]);
  });

  test('a later version adds only what is new', async () => {
    await applyMigrations(database.pool, [first]);
    expect(await applyMigrations(database.pool, [first, second])).toBe(1);
    await database.pool.query('select name, size from stars');
  });

  test('a database newer than the code is refused', async () => {
    await applyMigrations(database.pool, [first, second]);
    await expect(applyMigrations(database.pool, [first])).rejects.toThrow('the database is at migration 2');
  });

  test('an edited migration is refused', async () => {
    await applyMigrations(database.pool, [first]);
    const edited = { ...first, checksum: 'c' };
    await expect(applyMigrations(database.pool, [edited, second])).rejects.toThrow('must never be edited');
  });

  test('a migration that fails leaves nothing of itself, and the next start goes on from there', async () => {
    const broken = { ...second, sql: 'create table moons (name text); select 1 / 0' };
    await expect(applyMigrations(database.pool, [first, broken])).rejects.toThrow('division by zero');
    expect((await database.pool.query(`select to_regclass('moons') as moons`)).rows).toEqual([{ moons: null }]);
    expect(await applyMigrations(database.pool, [first, second])).toBe(1);
  });
});

test('migrations are read in order, alike with either kind of line end, and none may be missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'solum-migrations-'));
  try {
    await writeFile(join(folder, '000001.sql'), 'select 1;\r\nselect 2;\r\n');
    const [windows] = await readMigrations(folder);
    await writeFile(join(folder, '000001.sql'), 'select 1;\nselect 2;\n');
    const [unix] = await readMigrations(folder);
    expect(windows).toEqual(unix);
    await writeFile(join(folder, '000003.sql'), 'select 3');
    await expect(readMigrations(folder)).rejects.toThrow('migration 2 is missing');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
