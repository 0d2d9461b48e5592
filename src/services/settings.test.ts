import { expect, test } from 'vitest';
import { defaultSettings, withSetting } from './settings.ts';

const settings = defaultSettings('production');

test('testing and staging environments start with 50 users, production with no limit', () => {
  expect(defaultSettings('testing').user_limit).toBe(50);
  expect(defaultSettings('staging').user_limit).toBe(50);
  expect(defaultSettings('production').user_limit).toBeNull();
});

test.each([
  ['user_limit=12', { user_limit: 12 }],
  ['user_limit=null', { user_limit: null }],
  ['reauth_scope=reference_id', { reauth_scope: 'reference_id' }],
  ['include_samples=true', { include_samples: true }],
  ['include_samples=off', { include_samples: false }],
  ['redirect_allow_list=https://a.example, myapp://', { redirect_allow_list: ['https://a.example', 'myapp://'] }],
  ['redirect_allow_list=', { redirect_allow_list: [] }],
  ['data_types=sleep,daily', { data_types: ['sleep', 'daily'] }],
  ['widget_name=42 Steps', { widget_name: '42 Steps' }],
  ['widget_name=a=b', { widget_name: 'a=b' }],
  ['widget_color=default', { widget_color: '#0f766e' }],
])('%s is understood', (assignment, change) => {
  expect(withSetting(settings, assignment)).toEqual({ ...settings, ...change });
});

test.each([
  ['no_such=1', 'no_such'],
  ['constructor=1', 'constructor'],
  ['user_limit', 'user_limit'],
  ['user_limit=-1', 'user_limit'],
  ['user_limit=many', 'user_limit'],
  ['auto_backfill_days=1826', 'auto_backfill_days'],
  ['reauth_scope=account', 'reauth_scope'],
  ['data_types=sleep,steps', 'data_types'],
  ['widget_logo=http://a.example/l.png', 'widget_logo'],
])('%s is refused naming the setting', (assignment, field) => {
  expect(() => withSetting(settings, assignment)).toThrow(expect.objectContaining({ code: 'bad_request', field }));
});
