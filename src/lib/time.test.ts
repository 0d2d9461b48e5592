import { expect, test } from 'vitest';
import { formatInstant, localDay, zoneOffsetMinutes } from './time.ts';

const AT = new Date('2022-10-28T09:00:00.123Z');

test('instants are written with microseconds and offset', () => {
  expect(formatInstant(AT)).toBe('2022-10-28T09:00:00.123000+00:00');
  expect(formatInstant(AT, 60)).toBe('2022-10-28T10:00:00.123000+01:00');
  expect(formatInstant(AT, -210)).toBe('2022-10-28T05:30:00.123000-03:30');
});

test('the local day is that of the offset', () => {
  const lateEvening = new Date('2026-02-10T15:30:00Z');
  expect(localDay(lateEvening, 540)).toBe('2026-02-11');
  expect(localDay(lateEvening, -480)).toBe('2026-02-10');
});

test('a zone has the offset of that very instant', () => {
  expect(zoneOffsetMinutes('Europe/Berlin', new Date('2026-03-29T00:59:59Z'))).toBe(60);
  expect(zoneOffsetMinutes('Europe/Berlin', new Date('2026-03-29T01:00:00Z'))).toBe(120);
  expect(zoneOffsetMinutes('Asia/Kathmandu', AT)).toBe(345);
  expect(zoneOffsetMinutes('UTC', AT)).toBe(0);
  expect(zoneOffsetMinutes('Mars/Olympus', AT)).toBeUndefined();
});
