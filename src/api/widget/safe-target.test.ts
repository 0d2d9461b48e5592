import { expect, test } from 'vitest';
import { isSafeTarget } from './safe-target.ts';

test.each(['/auth/start/1', 'https://app.example/done?x=1', 'myapp://done', 'com.example.app:/done'])(
  'goes on to %s',
  (url) => expect(isSafeTarget(url)).toBe(true),
);

test.each([
  '//evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://x/y',
  'relative',
  '',
])('does not go on to %j', (url) => expect(isSafeTarget(url)).toBe(false));
