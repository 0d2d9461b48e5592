import { expect, test } from 'vitest';
import { createKeyCache, KEY_LIFETIME_MS } from './key-cache.ts';

function cacheAt(start = 0) {
  let now = start;
  const cache = createKeyCache(() => now);
  const advance = (ms: number) => {
    now += ms;
  };
  return { cache, advance };
}

const key = Buffer.alloc(32, 1);

test('a key is cached for a lifetime from when it was read, not from when it was last used', () => {
  const { cache, advance } = cacheAt();
  cache.put('a', key);
  advance(KEY_LIFETIME_MS - 1);
  expect(cache.get('a')).toBe(key);
  cache.put('a', key);
  advance(1);
  expect(cache.get('a')).toBeUndefined();
});

test('a banned key is not cached again while a reader may still hold its row', () => {
  const { cache, advance } = cacheAt();
  cache.put('a', key);
  cache.ban('a');
  cache.put('a', key);
  expect(cache.get('a')).toBeUndefined();
  advance(KEY_LIFETIME_MS);
  cache.put('a', key);
  expect(cache.get('a')).toBe(key);
});

test('the least recently used key makes room', () => {
  const { cache } = cacheAt();
  for (let n = 0; n < 10_000; n += 1) cache.put(`key-${n}`, key);
  cache.get('key-0');
  cache.put('one more', key);
  expect(cache.get('key-0')).toBe(key);
  expect(cache.get('key-1')).toBeUndefined();
  expect(cache.get('one more')).toBe(key);
});
