import { expect, test } from 'vitest';
import { formGuard } from './form-guard.ts';

const key = new Uint8Array(32).fill(1);
const guard = formGuard(key, false);

function browserCookie(setCookie: string | undefined): string {
  return setCookie?.split(';')[0] ?? '';
}

test('a form holds in the browser and for the subject that it was issued to, in any process', () => {
  const { token, setCookie } = guard.issue(undefined, 'a');
  const cookie = browserCookie(setCookie);
  expect(formGuard(key, false).holds(cookie, 'a', token)).toBe(true);
  expect(guard.holds(cookie, 'b', token)).toBe(false);
  expect(guard.holds(browserCookie(guard.issue(undefined, 'a').setCookie), 'a', token)).toBe(false);
  expect(formGuard(new Uint8Array(32), false).holds(cookie, 'a', token)).toBe(false);
  expect(guard.holds(undefined, 'a', token)).toBe(false);
  expect(guard.holds(cookie, 'a', undefined)).toBe(false);
});

test('a browser keeps its cookie, so that several open pages work', () => {
  const cookie = browserCookie(guard.issue(undefined, 'a').setCookie);
  const again = guard.issue(`other=1; ${cookie}`, 'a');
  expect(again.setCookie).toBeUndefined();
  expect(guard.holds(cookie, 'a', again.token)).toBe(true);
});

test('a cookie that is not ours is replaced', () => {
  expect(guard.issue('solum_page=short', 'a').setCookie).toBeDefined();
  expect(guard.holds('solum_page=short', 'a', 'x')).toBe(false);
});

test('the cookie is out of reach for scripts, other sites and, on https, plain connections', () => {
  const text = formGuard(key, true).issue(undefined, 'a').setCookie;
  expect(text).toMatch(/^solum_page=[\w-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/);
  expect(guard.issue(undefined, 'a').setCookie).not.toContain('Secure');
});
