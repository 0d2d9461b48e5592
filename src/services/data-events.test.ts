import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventBodies } from './data-events.ts';

const records = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) => ({ id: index, filler: 'x'.repeat(bytes) }));

function lists(bodies: Record<string, unknown>[]): unknown[][] {
  return eventBodies('activity', bodies).map((body) => body.data as unknown[]);
}

test('an event names its type and version and has no user', () => {
  expect(eventBodies('activity', records(1))).toEqual([{ type: 'activity', data: records(1), version: '2022-03-16' }]);
});

test('at most ten records stand in one event', () => {
  expect(lists(records(23)).map((list) => list.length)).toEqual([10, 10, 3]);
});

test('an event holds at most ten megabytes', () => {
  expect(lists(records(5, 4_000_000)).map((list) => list.length)).toEqual([2, 2, 1]);
});

test('a larger record goes alone', () => {
  const [small] = records(1);
  const [large] = records(1, 11_000_000);
  expect(lists([small ?? {}, large ?? {}, small ?? {}])).toEqual([[small], [large], [small]]);
});

test('no record is lost or moved', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id: fc.nat(), text: fc.string() }), { maxLength: 45 }), (bodies) => {
      expect(lists(bodies).flat()).toEqual(bodies);
    }),
  );
});

test('the profile of an athlete is not a list', () => {
  expect(eventBodies('athlete', [{ first_name: 'Ada' }])).toEqual([
    { type: 'athlete', athlete: { first_name: 'Ada' }, version: '2022-03-16' },
  ]);
});

test('nothing changed, nothing is said', () => {
  expect(eventBodies('activity', [])).toEqual([]);
});
