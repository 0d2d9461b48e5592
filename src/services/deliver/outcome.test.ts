import { expect, test } from 'vitest';
import type { Attempt } from '../../core/destination.ts';
import { DELIVERY_BACKOFF } from '../../lib/backoff.ts';
import { endedUnsent, resultOf } from './outcome.ts';

const at = new Date('2026-03-01T12:00:00Z');
const now = new Date('2026-03-01T12:00:08Z');
const policy = { backoff: DELIVERY_BACKOFF, maxAttempts: 11, random: 0.5, at, now };
const failed: Attempt = {
  deliveryId: 'd',
  durationMs: 8_000,
  outcome: 'retry',
  reason: 'no complete answer in time',
  response: { status: 504 },
};

function row(attempts: number) {
  return { environmentId: 'e', id: 'd', connectionId: 'c', attempts };
}

function waits(attempts: number, more: Partial<typeof policy> = {}, attempt = failed): number {
  const result = resultOf(row(attempts), attempt, { ...policy, ...more });
  expect(result.state).toBe('pending');
  return (result.dueAt.getTime() - now.getTime()) / 1000;
}

test('ten retries: 30 s after the end of the first try, doubling', () => {
  const delays = Array.from({ length: 10 }, (_, n) => waits(n));
  expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360]);
});

test('the last try is the end', () => {
  const result = resultOf(row(10), failed, policy);
  expect(result).toMatchObject({ state: 'dead', outcome: 'retry', status: 504, reason: failed.reason });
});

test('jitter is ten per cent each way', () => {
  expect(waits(0, { random: 0 })).toBe(27);
  expect(waits(0, { random: 0.999_999 })).toBeCloseTo(33, 2);
});

test('Retry-After is honoured when it is longer, up to eight hours', () => {
  expect(waits(0, {}, { ...failed, retryAfter: 600 })).toBe(600);
  expect(waits(4, {}, { ...failed, retryAfter: 10 })).toBe(480);
  expect(waits(0, {}, { ...failed, retryAfter: 999_999 })).toBe(28_800);
});

test('delivered and rejected are final', () => {
  const delivered = resultOf(row(0), { deliveryId: 'd', durationMs: 3, outcome: 'delivered' }, policy);
  expect(delivered).toMatchObject({ state: 'delivered', at, reason: undefined, connectionId: 'c', durationMs: 3 });
  const rejected = resultOf(row(0), { deliveryId: 'd', durationMs: 1, outcome: 'rejected', reason: 'no' }, policy);
  expect(rejected).toMatchObject({ state: 'dead', reason: 'no' });
  expect(endedUnsent(row(0), at, 'erased')).toMatchObject({ state: 'dead', reason: 'erased', status: undefined });
});
