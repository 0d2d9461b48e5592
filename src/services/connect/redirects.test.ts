import { expect, test } from 'vitest';
import { defaultSettings } from '../settings.ts';
import { failureRedirect, type Result, successRedirect } from './redirects.ts';

const settings = defaultSettings('production');
const result: Result = {
  pageId: 'p1',
  url: 'https://app.example/back?auth=success',
  userId: 'u1',
  referenceId: 'ref 1&2',
  provider: 'OURA',
};

test('the app gets user, reference and resource after its own query', () => {
  expect(successRedirect('https://us.example', settings, result)).toBe(
    'https://app.example/back?auth=success&user_id=u1&reference_id=ref%201%262&resource=OURA',
  );
});

test('parameters stand before the fragment', () => {
  expect(successRedirect('https://us.example', settings, { ...result, url: 'https://app.example/#/done' })).toBe(
    'https://app.example/?user_id=u1&reference_id=ref%201%262&resource=OURA#/done',
  );
});

test('deep links get the same parameters', () => {
  expect(successRedirect('https://us.example', settings, { ...result, url: 'myapp://success' })).toBe(
    'myapp://success?user_id=u1&reference_id=ref%201%262&resource=OURA',
  );
});

test('an address with letters of any language can stand in a header', () => {
  const ends = ['https://käse.example/ß/€?q=日本#ü', 'myapp://größe'].map((url) =>
    successRedirect('https://us.example', settings, { ...result, url, referenceId: undefined }),
  );
  expect(ends).toEqual([
    'https://k%C3%A4se.example/%C3%9F/%E2%82%AC?q=%E6%97%A5%E6%9C%AC&user_id=u1&resource=OURA#%C3%BC',
    'myapp://gr%C3%B6%C3%9Fe?user_id=u1&resource=OURA',
  ]);
  expect(new URL(ends[0] ?? '').hostname).toBe(new URL('https://käse.example').hostname);
});

test('what an address escapes already is not escaped again', () => {
  const url = 'https://app.example/a%20b?next=%2Fx%3Fy';
  expect(successRedirect('https://us.example', settings, { ...result, url })).toMatch(
    /^https:\/\/app\.example\/a%20b\?next=%2Fx%3Fy&user_id=u1&/,
  );
});

test('without a reference id the app gets none, unless the environment wants the literal null', () => {
  const none = { ...result, url: 'myapp://x', referenceId: undefined };
  expect(successRedirect('https://us.example', settings, none)).toBe('myapp://x?user_id=u1&resource=OURA');
  expect(successRedirect('https://us.example', { ...settings, redirect_null_reference: true }, none)).toBe(
    'myapp://x?user_id=u1&reference_id=null&resource=OURA',
  );
});

test('without a url the browser stays on our page, which always says the reference', () => {
  const own = { ...result, url: undefined, referenceId: undefined };
  expect(successRedirect('https://us.example', settings, own)).toBe(
    'https://us.example/session/p1/success?user_id=u1&reference_id=null&resource=OURA',
  );
  expect(failureRedirect('https://us.example', settings, own, 'access_denied')).toBe(
    'https://us.example/session/p1/failure?user_id=u1&resource=OURA&reference_id=null&reason=access_denied',
  );
});

test('a device provider ends with a null user, a link that ran out names no resource', () => {
  expect(successRedirect('https://us.example', settings, { ...result, url: 'myapp://x', userId: undefined })).toBe(
    'myapp://x?user_id=null&reference_id=ref%201%262&resource=OURA',
  );
  const expired = { ...result, url: 'myapp://x?', userId: undefined, provider: undefined };
  expect(failureRedirect('https://us.example', settings, expired, 'session_expired')).toBe(
    'myapp://x?user_id=null&reference_id=ref%201%262&reason=session_expired',
  );
});
