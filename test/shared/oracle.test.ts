import type { ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { ADDITIVE, withoutAdditive } from './oracle/additive.ts';
import { openOracle } from './oracle/strict.ts';

const oracle = openOracle();

const user = {
  user_id: '1b2f3c44-0000-4000-8000-000000000001',
  provider: 'EXAMPLE',
  created_at: '2026-03-01T12:00:00.000000+00:00',
  last_webhook_update: null,
  scopes: null,
  reference_id: 'customer-1',
  active: true,
};

const auth = { type: 'auth', status: 'success', user, message: 'connected', flow_id: null, widget_session_id: null };

const workout = {
  metadata: {
    summary_id: '1b2f3c44-0000-5000-8000-000000000002',
    start_time: '2026-03-01T12:00:00.000000+01:00',
    end_time: '2026-03-01T12:30:00.000000+01:00',
    type: 8,
    upload_type: 1,
  },
  heart_rate_data: {
    summary: { avg_hr_bpm: 131 },
    detailed: { hr_samples: [{ timestamp: '2026-03-01T12:00:01.000000+01:00', bpm: 128 }] },
  },
};

const activity = { type: 'activity', user, data: [workout], version: '2022-03-16' };

const session = { status: 'success', session_id: '1b2f3c44-0000-4000-8000-000000000003', url: 'https://a.example/s' };

interface Case {
  name: string;
  validate: ValidateFunction;
  good: Record<string, unknown>;
}

const cases: Case[] = [
  { name: 'AuthSuccessEvent', validate: oracle.event('AuthSuccessEvent'), good: auth },
  { name: 'ActivityEvent', validate: oracle.event('ActivityEvent'), good: activity },
  {
    name: 'POST /auth/generateWidgetSession 200',
    validate: oracle.answer('v2', 'POST', '/auth/generateWidgetSession', 200),
    good: { ...session, expires_in: 900 },
  },
];

/** A copy with one place set to a value, or emptied with undefined. */
function changed(body: unknown, path: (string | number)[], value: unknown): Record<string, unknown> {
  const copy = structuredClone(body) as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy);
  if (value === undefined) delete (parent as Record<string, unknown>)[last];
  else (parent as Record<string, unknown>)[last] = value;
  return copy;
}

/** The keywords that refuse the body; none: it is accepted. */
function refusals(validate: ValidateFunction, body: unknown): string[] {
  return validate(body) ? [] : [...new Set((validate.errors ?? []).map((error) => error.keyword))];
}

describe.each(cases)('the published $name', ({ validate, good }) => {
  test('takes a body as published', () => {
    expect(refusals(validate, good)).toEqual([]);
  });

  test('refuses a member that it does not name', () => {
    expect(refusals(validate, changed(good, ['invented'], 1))).toContain('unevaluatedProperties');
  });
});

describe('deep inside an event', () => {
  const validate = oracle.event('ActivityEvent');
  const data = ['data', 0];

  test.each([
    ['of the user', ['user', 'invented']],
    ['of a record', [...data, 'invented']],
    ['of a group', [...data, 'metadata', 'invented']],
    ['of a group that may be null', [...data, 'heart_rate_data', 'invented']],
    ['of a sample in a list', [...data, 'heart_rate_data', 'detailed', 'hr_samples', 0, 'invented']],
  ])('a member that is not published is refused: %s', (_where, path) => {
    expect(refusals(validate, changed(activity, path, 'x'))).toContain('unevaluatedProperties');
  });

  test.each([
    ['the user’s id', ['user', 'user_id']],
    ['the version', ['version']],
    ['the records', ['data']],
    ['a record’s start', [...data, 'metadata', 'start_time']],
    ['a record’s summary id', [...data, 'metadata', 'summary_id']],
  ])('a required member that is missing is refused: %s', (_what, path) => {
    expect(refusals(validate, changed(activity, path, undefined))).toContain('required');
  });

  test.each([
    ['the event’s type', ['type'], 'sleep', 'const'],
    ['an activity type', [...data, 'metadata', 'type'], 9_999, 'oneOf'],
    ['an upload type', [...data, 'metadata', 'upload_type'], 77, 'oneOf'],
  ])('a value outside its list is refused: %s', (_what, path, value, keyword) => {
    expect(refusals(validate, changed(activity, path, value))).toContain(keyword);
  });

  test.each([
    ['a text for a number', [...data, 'heart_rate_data', 'summary', 'avg_hr_bpm'], '131'],
    ['a number for a time', [...data, 'metadata', 'start_time'], 1_772_362_800],
    ['null for a required group', [...data, 'metadata'], null],
    ['an object for the records', ['data'], {}],
  ])('a value of another kind is refused: %s', (_what, path, value) => {
    expect(refusals(validate, changed(activity, path, value))).not.toEqual([]);
  });
});

test('a route, a status or an event that was never published is no oracle for anything', () => {
  expect(() => oracle.answer('v2', 'GET', '/invented', 200)).toThrow('no published schema');
  expect(() => oracle.answer('v2', 'GET', '/userInfo', 418)).toThrow('no published schema');
  expect(() => oracle.event('InventedEvent')).toThrow('no published schema');
});

describe('listed additions', () => {
  const everything = Object.fromEntries(ADDITIVE.flatMap(({ members }) => members).map((name) => [name, 'x']));

  test.each([
    ['GET /integrations 200', ['sdk_resource']],
    ['GET /subscriptions 200', ['status']],
    ['GET /userInfo 404', ['message', 'status']],
    ['GET /activity 200', ['status', 'version']],
    ['AuthSuccessEvent', ['reference_id', 'version']],
  ])('are taken away at %s, and only these', (where, members) => {
    const left = withoutAdditive(where, everything) as object;
    expect(Object.keys(everything).filter((name) => !(name in left))).toEqual(
      Object.keys(everything).filter((name) => members.includes(name)),
    );
  });

  test.each([
    'POST /auth/generateWidgetSession 200',
    'GET /userInfo 200',
    'GET /activity 2000',
    'DeauthEvent',
    'AuthErrorEvent',
    'ActivityEvent',
  ])('stay where none is listed: %s', (where) => {
    expect(withoutAdditive(where, everything)).toEqual(everything);
  });

  test('are taken from the top alone, and the checked body stays as it was', () => {
    const body = { status: 'x', inner: { status: 'x', message: 'y' } };
    expect(withoutAdditive('GET /userInfo 404', body)).toEqual({ inner: { status: 'x', message: 'y' } });
    expect(body).toEqual({ status: 'x', inner: { status: 'x', message: 'y' } });
  });

  test('would be refused if they were not listed', () => {
    const validate = oracle.event('AuthSuccessEvent');
    const sent = { ...auth, reference_id: 'customer-1', version: '2022-03-16' };
    expect(refusals(validate, sent)).toContain('unevaluatedProperties');
    expect(refusals(validate, withoutAdditive('AuthSuccessEvent', sent))).toEqual([]);
  });
});
