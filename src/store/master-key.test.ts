import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { masterKeys, readOrMakeKeyFile } from './master-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solum-master-key-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('keys are named by what they are, and the name tells nothing', () => {
  const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const keys = masterKeys(current, [old]);
  expect(keys.current).toEqual({ id: masterKeys(current).current.id, key: current });
  expect([...keys.all.values()]).toEqual([old, current]);
  expect(keys.current.id).toMatch(/^[0-9a-f]{16}$/);
  expect(current.toString('hex')).not.toContain(keys.current.id);
  expect(() => masterKeys(Buffer.alloc(16))).toThrow('32 bytes');
});

test('a key file is made once, for its owner only, and read from then on', async () => {
  const path = join(folder, 'data', 'master.key');
  const made = await Promise.all([1, 2, 3, 4].map(() => readOrMakeKeyFile(path)));
  expect(new Set(made.map((key) => key.toString('hex'))).size).toBe(1);
  expect(made[0]).toHaveLength(32);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, 'utf8');
  expect(await readOrMakeKeyFile(path)).toEqual(Buffer.from(text.trim(), 'hex'));
});

test('a file that holds something else is refused, not replaced', async () => {
  const path = join(folder, 'master.key');
  await writeFile(path, 'half a ke');
  await expect(readOrMakeKeyFile(path)).rejects.toThrow('64 hex digits');
  expect(await readFile(path, 'utf8')).toBe('half a ke');
});
