import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysBetween, isCalendarDay, parseDateInput } from './dates.ts';

const instant = (iso: string) => ({ kind: 'instant', at: new Date(iso) });

test.each([
  ['2026-07-01', { kind: 'day', day: '2026-07-01' }],
  ['2024-02-29', { kind: 'day', day: '2024-02-29' }],
  ['1783209600', instant('2026-07-05T00:00:00Z')],
  ['1783209600123', instant('2026-07-05T00:00:00.123Z')],
  ['2026-07-05T02:00:00+02:00', instant('2026-07-05T00:00:00Z')],
  ['2026-07-05T02:00:00+0200', instant('2026-07-05T00:00:00Z')],
  ['2026-07-05 00:00', instant('2026-07-05T00:00:00Z')],
  ['2026-07-05t00:00:00.123456z', instant('2026-07-05T00:00:00.123Z')],
  ['2026-07-05T00:00:00', instant('2026-07-05T00:00:00Z')],
])('%s is read', (text, expected) => {
  expect(parseDateInput(text)).toEqual(expected);
});

test.each([
  '',
  'today',
  '2026-7-1',
  '2026-13-01',
  '2026-02-29',
  '2026-00-10',
  '1',
  '178320960',
  '17832096000',
  '-1783209600',
  '2026-07-05T25:00:00Z',
  '2026-07-05T10',
  '2026-02-30T10:00:00Z',
  '2026-07-05T10:00:00Europe/Berlin',
  ' 2026-07-05',
  '20260705',
])('%j is not a date', (text) => {
  expect(parseDateInput(text)).toBeUndefined();
});

test('any text gives a valid date or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:.+Z-]{0,30}$/)), (text) => {
      const input = parseDateInput(text);
      if (input?.kind === 'instant') expect(Number.isNaN(input.at.getTime())).toBe(false);
      if (input?.kind === 'day') expect(isCalendarDay(input.day)).toBe(true);
    }),
    { seed: 20260701, numRuns: 2000 },
  );
});

test('days are counted between days and instants alike', () => {
  const day = (text: string) => parseDateInput(text)!;
  expect(daysBetween(day('2026-03-28'), day('2026-03-30'))).toBe(2);
  expect(daysBetween(day('2026-07-05'), day('1783252800'))).toBe(0.5);
  expect(daysBetween(day('2026-07-02'), day('2026-07-01'))).toBe(-1);
});
