import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUuid, isUuid, parseUuid, uuid4, uuid5, uuid7 } from './ids.ts';

test('a name-based id is the published one (RFC 9562, appendix A.4)', () => {
  expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('time-based ids carry their millisecond and sort by it', () => {
  fc.assert(
    fc.property(fc.nat(4e12), fc.nat(4e12), (a, b) => {
      const [left, right] = [uuid7(new Date(a)), uuid7(new Date(b))];
      expect(parseUuid(left).readUIntBE(0, 6)).toBe(a);
      if (a !== b) expect(left < right).toBe(a < b);
    }),
  );
});

test('ids have their version and variant', () => {
  expect(uuid4()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
  expect(uuid7(new Date())).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
});

test('text and bytes of an id are the same id', () => {
  const id = uuid4();
  expect(formatUuid(parseUuid(id))).toBe(id);
});

test('what is no id is not taken for one', () => {
  expect(['', 'x', `${uuid4()}0`, uuid4().replaceAll('-', '')].map(isUuid)).toEqual([false, false, false, false]);
});
