import { expect, test } from 'vitest';
import { masterKeys } from './master-key.ts';

test('keys are named by what they are, and the name tells nothing', () => {
  const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const keys = masterKeys(current, [old]);
  expect(keys.current).toEqual({ id: masterKeys(current).current.id, key: current });
  expect([...keys.all.values()]).toEqual([old, current]);
  expect(keys.current.id).toMatch(/^[0-9a-f]{16}$/);
  expect(current.toString('hex')).not.toContain(keys.current.id);
});

test('a key of another length is refused', () => {
  expect(() => masterKeys(Buffer.alloc(16))).toThrow('32 bytes');
});
