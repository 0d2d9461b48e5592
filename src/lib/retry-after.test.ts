import { expect, test } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

const noon = Date.UTC(2025, 2, 4, 12) / 1000;

test('seconds are taken as they are', () => {
  expect(retryAfterSeconds('120', noon)).toBe(120);
  expect(retryAfterSeconds(' 0 ', noon)).toBe(0);
});

test('a date is the distance to it, never negative', () => {
  expect(retryAfterSeconds('Tue, 04 Mar 2025 12:01:30 GMT', noon)).toBe(90);
  expect(retryAfterSeconds('Tue, 04 Mar 2025 11:00:00 GMT', noon)).toBe(0);
});

test('what cannot be read is no wish', () => {
  expect(retryAfterSeconds(undefined, noon)).toBeUndefined();
  expect(retryAfterSeconds('', noon)).toBeUndefined();
  expect(retryAfterSeconds('soon', noon)).toBeUndefined();
  expect(retryAfterSeconds('-5', noon)).toBeUndefined();
  expect(retryAfterSeconds('1.5', noon)).toBeUndefined();
});
