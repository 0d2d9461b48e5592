import { expect, test } from 'vitest';
import { isUuid } from '../lib/ids.ts';
import { createOrderedIds } from './ordered-id.ts';

const at = new Date('2026-03-01T12:00:00.000Z');
const plus = (ms: number) => new Date(at.getTime() + ms);

test('ids sort in the order they are made, also thousands in one millisecond', () => {
  const next = createOrderedIds();
  const ids = [...Array.from({ length: 10_000 }, () => next(at)), next(plus(1)), next(plus(0)), next(plus(5_000))];
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => isUuid(id) && id[14] === '7' && '89ab'.includes(id[19] ?? ''))).toBe(true);
});

test('ids carry their time', () => {
  const next = createOrderedIds();
  const time = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  expect(time(next(at))).toBe(at.getTime());
  expect(time(next(plus(-60_000)))).toBe(at.getTime() - 60_000);
});

test('two processes do not make the same id', () => {
  expect(createOrderedIds()(at)).not.toBe(createOrderedIds()(at));
});
