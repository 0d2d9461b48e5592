import { expect, test } from 'vitest';
import { signBody } from './signature.ts';

const BODY = Buffer.from('{"type":"healthcheck","status":"success"}');

test('the published example has the published signature', () => {
  expect(signBody(BODY, ['test_signing_secret'], 1_723_808_700)).toBe(
    't=1723808700,v1=d2dc8931792a25d17db23d7e4e8e53e153ba79eb9614dcdbc28db95054a8e6d7',
  );
});

test('every secret signs, the newest first', () => {
  const both = signBody(BODY, ['new', 'test_signing_secret'], 1_723_808_700);
  expect(both.split(',')).toHaveLength(3);
  expect(both).toMatch(/,v1=d2dc8931792a25d17db23d7e4e8e53e153ba79eb9614dcdbc28db95054a8e6d7$/);
});
