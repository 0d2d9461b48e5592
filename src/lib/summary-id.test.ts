import { expect, test } from 'vitest';
import { uuid5 } from './ids.ts';
import { summaryId } from './summary-id.ts';

test('the id depends on provider, account, resource and record, and on nothing else', () => {
  const id = summaryId('OURA', 'person', 'sleep', 'night-1');
  expect(id).toBe(uuid5('6f6c8a52-0b7e-5d0a-9c1e-5a1d5e3b2c74', 'OURA/person/sleep/night-1'));
  expect(summaryId('OURA', 'other', 'sleep', 'night-1')).not.toBe(id);
  expect(summaryId('OURA', 'person', 'activity', 'night-1')).not.toBe(id);
});
