import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { withLock } from './lock.ts';
import { ownMark } from './process-mark.ts';

async function newLock(): Promise<{ directory: string; path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'solum-lock-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return { directory, path: join(directory, 'lock') };
}

/** Lets many take the lock and answers how many were ever inside together. */
async function mostInside(path: string, many: number): Promise<number> {
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: many }, () =>
      withLock(path, async () => {
        most = Math.max(most, ++inside);
        await sleep(2);
        inside--;
      }),
    ),
  );
  return most;
}

test('only one is inside at a time, and nothing is left behind', async () => {
  const { directory, path } = await newLock();
  expect(await mostInside(path, 20)).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

test('the lock of a dead process is taken over by one of many', async () => {
  const { directory, path } = await newLock();
  const dead = `${spawnSync('true').pid}.0-0`;
  await symlink(`${dead}.aaaaaaaa`, path);
  await symlink(`${dead}.bbbbbbbb`, `${path}.${dead}.aaaaaaaa.1`); // another died while breaking it
  expect(await mostInside(path, 20)).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

test('processes that die inside, one after the other, never let two of the others in', async () => {
  const { directory, path } = await newLock();
  const inside = join(directory, 'inside');
  await mkdir(inside);
  const program = join(import.meta.dirname, 'lock.fixture.ts');
  const ends = [1, 1, 2, 2, 3, 3, 20, 20].map((rounds) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, path, inside, String(rounds)]);
    return new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  });
  expect(new Set(await Promise.all(ends))).toEqual(new Set(['SIGKILL']));
  expect(await withLock(path, async () => 'inside')).toBe('inside');
});

test('a process that has our pid but started at another time is dead', async () => {
  const { path } = await newLock();
  await symlink(`${process.pid}.0-0.aaaaaaaa`, path);
  expect(await withLock(path, async () => 'inside')).toBe('inside');
});

test('a living holder is waited for', async () => {
  const { path } = await newLock();
  await symlink(`${await ownMark()}.aaaaaaaa`, path);
  const order: string[] = [];
  const waiting = withLock(path, async () => void order.push('waiting one'));
  await sleep(60);
  order.push('holder');
  await rm(path);
  await waiting;
  expect(order).toEqual(['holder', 'waiting one']);
});

test('work that fails frees the lock', async () => {
  const { path } = await newLock();
  await expect(withLock(path, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(path, async () => 'inside')).toBe('inside');
});
