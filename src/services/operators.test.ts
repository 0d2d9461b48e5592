import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import { createOperatorService } from './operators.ts';

let opened: TestStore;

beforeAll(async () => {
  opened = await testStore();
});

afterAll(() => opened.close());

test('a link lets one browser in, once', async () => {
  const operators = createOperatorService(opened);
  const link = await operators.link();
  const session = await operators.enter(link);
  expect(await operators.isIn(session)).toBe(true);
  expect(await operators.enter(link)).toBeUndefined();
  expect(await operators.isIn(link)).toBe(false);
  expect(await operators.isIn(undefined)).toBe(false);
  expect(await operators.enter('made-up')).toBeUndefined();
});

test('of two browsers at once only one gets in', async () => {
  const operators = createOperatorService(opened);
  const link = await operators.link();
  const sessions = await Promise.all([operators.enter(link), operators.enter(link)]);
  expect(sessions.filter((session) => session !== undefined)).toHaveLength(1);
});

test('links and sessions run out', async () => {
  const operators = createOperatorService(opened);
  const [used, unused] = [await operators.link(), await operators.link()];
  const session = await operators.enter(used);
  opened.clock.advance(24 * 3_600_000 + 1);
  expect(await operators.enter(unused)).toBeUndefined();
  expect(await operators.isIn(session)).toBe(true);
  opened.clock.advance(30 * 24 * 3_600_000);
  expect(await operators.isIn(session)).toBe(false);
});
