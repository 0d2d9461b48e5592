import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveKey, open, seal } from './seal.ts';

const key = randomBytes(32);
const place = 'events/7/body';
const short = 'Zoë ✓';
const long = JSON.stringify(Array.from({ length: 500 }, (_, n) => ({ bpm: 50 + (n % 9) })));

test.each([
  ['nothing', ''],
  ['a short text', short],
  ['a long text', long],
])('%s comes back as it was', (_, text) => {
  expect(open(key, seal(key, text, place), place).toString()).toBe(text);
});

test('bytes come back as they were', () => {
  const bytes = randomBytes(5_000);
  expect(open(key, seal(key, bytes, place), place).equals(bytes)).toBe(true);
});

test('long values are compressed, and nothing of the plain text shows', () => {
  const sealed = seal(key, long, place);
  expect(sealed.length).toBeLessThan(long.length / 5);
  expect(seal(key, short, place).includes('Zo')).toBe(false);
});

test('equal values are sealed differently each time', () => {
  const sealed = Array.from({ length: 2_000 }, () => seal(key, short, place).toString('base64'));
  expect(new Set(sealed).size).toBe(2_000);
});

describe('what was not sealed like this does not open', () => {
  const sealed = seal(key, long, place);
  test('another key, another place', () => {
    expect(() => open(randomBytes(32), sealed, place)).toThrow();
    expect(() => open(key, sealed, 'events/8/body')).toThrow();
  });

  test('any changed byte', () => {
    for (const at of [0, 1, 12, 13, 28, 29, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(key, changed, place)).toThrow();
    }
  });

  test('a cut value', () => {
    expect(() => open(key, sealed.subarray(0, sealed.length - 1), place)).toThrow();
    expect(() => open(key, Buffer.alloc(0), place)).toThrow();
  });
});

test('keys for different purposes differ and are always the same', () => {
  expect(deriveKey(key, 'state').equals(deriveKey(key, 'csrf'))).toBe(false);
  expect(deriveKey(key, 'state').equals(deriveKey(key, 'state'))).toBe(true);
  expect(deriveKey(key, 'state')).toHaveLength(32);
});
