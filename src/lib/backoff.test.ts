import { expect, test } from 'vitest';
import { backoffSeconds, DELIVERY_BACKOFF } from './backoff.ts';

const MIDDLE = 0.5;

test('ten retries of a delivery double from half a minute', () => {
  const delays = Array.from({ length: 10 }, (_, index) => backoffSeconds(DELIVERY_BACKOFF, index + 1, MIDDLE));
  expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360]);
});

test('no delay is longer than eight hours, whatever is asked for', () => {
  expect(backoffSeconds(DELIVERY_BACKOFF, 30, MIDDLE)).toBe(28_800);
  expect(backoffSeconds(DELIVERY_BACKOFF, 1, MIDDLE, 1e9)).toBe(28_800);
});

test('jitter spreads by a tenth', () => {
  expect(backoffSeconds(DELIVERY_BACKOFF, 1, 0)).toBeCloseTo(27);
  expect(backoffSeconds(DELIVERY_BACKOFF, 1, 0.999_999)).toBeCloseTo(33, 3);
});

test('the other side may ask for more, never for less', () => {
  expect(backoffSeconds(DELIVERY_BACKOFF, 1, MIDDLE, 90)).toBe(90);
  expect(backoffSeconds(DELIVERY_BACKOFF, 1, MIDDLE, 1)).toBe(30);
});
