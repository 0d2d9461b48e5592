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

test('a path prefix ends where a part of the address ends', () => {
  const list = ['https://sites.example/acme', 'https://app.example/cb?app=1'];
  for (const url of [
    'https://sites.example/acme',
    'https://sites.example/acme/',
    'https://sites.example/acme/done',
    'https://sites.example/acme?x=1',
    'https://sites.example/acme#top',
    'https://app.example/cb?app=1&x=2',
  ]) {
    expect([url, isRefused(url, list)]).toEqual([url, false]);
  }
  for (const url of [
    'https://sites.example/acme-evil/done',
    'https://sites.example/acme.evil',
    'https://sites.example/acme%2e%2e/other',
    'https://sites.example/acme/%2e%2e/other',
    'https://sites.example/acme/..\\other',
    'https://app.example/cb?app=12',
    'https://app.example/cb',
  ]) {
    expect([url, isRefused(url, list)]).toEqual([url, true]);
  }
  expect(isRefused('https://app.example/cb-1', ['https://app.example/'])).toBe(false);
});

test.each([
  'https://good.example.evil.example/',
  'https://good.example@evil.example/',
  'https://good.example:x@evil.example/',
  'https://evil.example/https://good.example',
  'https://evil.example\\@good.example/',
  'https://good.example\\.evil.example/',
  'https://good.example\t.evil.example/',
  'https://good.example%2eevil.example/',
  'https://good.example%00.evil.example/',
  'https://good.example\u3002evil.example/',
  'https://good.example\uff0fevil.example/',
  'https:/good.example/',
  'https:good.example',
  'hTtPs:\\\\good.example/',
  'http://good.example/',
  'https://good.example:444/',
  '//good.example/',
  'goodapp.evil://x',
  'goodapp-evil://x',
])('an allow-list is not talked into %j', (url) => {
  expect(isRefused(url, ['https://good.example', 'goodapp://'])).toBe(true);
});

test.each(['about:blank', 'view-source:https://app.example', 'filesystem:https://app.example/x', 'ABOUT:blank'])(
  '%j shows something instead of going back to an app',
  (url) => {
    expect(isRefused(url)).toBe(true);
  },
);

test('a deep link prefix ends where a part of the link ends', () => {
  expect(isRefused('myapp://cb?x=1', ['myapp://cb'])).toBe(false);
  expect(isRefused('myapp://cb/next', ['myapp://cb'])).toBe(false);
  expect(isRefused('myapp://cb.evil', ['myapp://cb'])).toBe(true);
});
