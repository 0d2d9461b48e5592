import { expect, test } from 'vitest';
import { BatchSize } from './batch-size.ts';

test('grows while batches are full and follow quickly, up to 128', () => {
  const size = new BatchSize();
  const sizes = [size.current];
  for (let n = 0; n < 6; n += 1) {
    size.taken(size.current, size.current * 9_000, n * 100);
    sizes.push(size.current);
  }
  expect(sizes).toEqual([8, 8, 16, 32, 64, 128, 128]);
});

test('does not grow while batches last long or are not full', () => {
  const size = new BatchSize();
  size.taken(8, 0, 0);
  size.taken(8, 0, 300);
  size.taken(3, 0, 310);
  expect(size.current).toBe(8);
});

test('shrinks to what fits into memory, never below one', () => {
  const size = new BatchSize();
  size.taken(8, 80 * 1024 * 1024, 0);
  expect(size.current).toBe(1);
  size.taken(1, 100 * 1024 * 1024, 10);
  expect(size.current).toBe(1);
  size.taken(1, 1_000, 20);
  expect(size.current).toBe(2);
});
