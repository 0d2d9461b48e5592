import { expect, test } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { checkRedirect } from './redirect-target.ts';

function isRefused(url: string, allowList: string[] = []): boolean {
  try {
    checkRedirect(url, allowList, 'auth_success_redirect_url');
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ code: 'redirect_refused', field: 'auth_success_redirect_url' });
    return true;
  }
}

test.each([
  'https://app.example/done',
  'https://app.example/done?auth=success&x=1#top',
  'http://localhost:5173/',
  'myapp://connected',
  'com.example.app:/oauth',
  'exp://192.168.1.4:8081/--/done',
  'HTTPS://APP.EXAMPLE/',
])('%s may be used', (url) => {
  expect(checkRedirect(url, [], 'f')).toBe(url);
});

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  'javascript\r\n:alert(1)',
  '\u200bjavascript:alert(1)',
  'data:text/html,x',
  'DATA:text/html;base64,PGI+',
  'vbscript:msgbox',
  'file:///etc/passwd',
  'blob:https://app.example/1',
  '/relative',
  '//app.example/x',
  'app.example',
  'https:app.example',
  'https:///app.example',
  'https:\\\\app.example',
  'https://good.example\\@evil.example',
  'https://good.example@evil.example',
  'https://app.example/a\r\nset-cookie: x',
  'my app://x',
])('%j is refused', (url) => {
  expect(isRefused(url)).toBe(true);
});

test('blanks around are cut, and nothing given stays nothing', () => {
  expect(checkRedirect('  https://app.example/ ', [], 'f')).toBe('https://app.example/');
  expect(checkRedirect(undefined, ['https://app.example'], 'f')).toBeUndefined();
  expect(checkRedirect('', [], 'f')).toBeUndefined();
});

test('an allow-list names whole origins and beginnings of paths', () => {
  const list = ['https://app.example/auth', 'myapp://'];
  expect(isRefused('https://app.example/auth/done?x=1', list)).toBe(false);
  expect(isRefused('myapp://done', list)).toBe(false);
  expect(isRefused('https://app.example/other', list)).toBe(true);
  expect(isRefused('https://app.example/auth/../other', list)).toBe(true);
  expect(isRefused('https://app.example.evil.net/auth', list)).toBe(true);
  expect(isRefused('http://app.example/auth', list)).toBe(true);
  expect(isRefused('https://app.example:8443/auth', list)).toBe(true);
  expect(isRefused('otherapp://done', list)).toBe(true);
});

test('a prefix without a path allows the origin alone', () => {
  expect(isRefused('https://app.example/any', ['https://app.example'])).toBe(false);
  expect(isRefused('https://app.example.evil.net/', ['https://app.example'])).toBe(true);
});

test('a deep link prefix ends where a part of the link ends', () => {
  expect(isRefused('myapp://cb?x=1', ['myapp://cb'])).toBe(false);
  expect(isRefused('myapp://cb/next', ['myapp://cb'])).toBe(false);
  expect(isRefused('myapp://cb.evil', ['myapp://cb'])).toBe(true);
});
