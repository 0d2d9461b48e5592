import { describe, expect, test } from 'vitest';
import type { ApiResponse } from '../../src/core/http.ts';
import type {
  AuthContext,
  MapContext,
  OAuth2Auth,
  Provider,
  PushRequest,
  RequestContext,
  SubscriptionContext,
} from '../../src/core/provider.ts';
import { hmac } from '../../src/lib/hash.ts';
import { checkManifest } from '../../src/providers/check-manifest.ts';
import garmin from './contract/garmin.ts';
import google from './contract/google.ts';
import polar from './contract/polar.ts';
import strava from './contract/strava.ts';
import whoop from './contract/whoop.ts';
import withings from './contract/withings.ts';

/** The contract has to hold what the hardest providers do. Each sketch is one of them, and here its functions run. */
const SKETCHES: Provider[] = [garmin, google, polar, strava, whoop, withings];

const answer = (json: unknown, status = 200): ApiResponse => ({ status, headers: {}, body: new Uint8Array(), json });

const mapping: MapContext = {
  provider: 'TEST',
  providerUserId: '7',
  summaryId: (resource, id) => `${resource}/${id}`,
};

const requesting: RequestContext = { ...mapping, credentials: {}, ask: {}, extra: {} };

function authContext(changes: Partial<AuthContext>): AuthContext {
  return {
    credentials: { client_id: 'app', client_secret: 'quiet' },
    ask: {},
    redirectUri: 'https://app.example.com/back',
    callback: {},
    requested: [],
    results: {},
    memberId: 'member-31',
    now: 1_780_000_000,
    ...changes,
  };
}

function push(body: unknown, changes: Partial<PushRequest> = {}): PushRequest {
  const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    method: 'POST',
    headers: {},
    query: {},
    rawBody,
    body: typeof body === 'string' ? undefined : body,
    ...changes,
  };
}

const subscribing: SubscriptionContext = {
  callbackUrl: 'https://app.example.com/hooks/x',
  credentials: { client_id: 'app', client_secret: 'quiet', project_number: '4711' },
  verifyToken: 'verify-me',
};

const auth = (provider: Provider) => provider.auth as OAuth2Auth;
const resource = (provider: Provider, name: string) => {
  const found = provider.resources?.[name];
  if (!found) throw new Error(`no resource ${name}`);
  return found;
};
const notices = (provider: Provider, request: PushRequest) => provider.push?.notices(request);

test.each(SKETCHES.map((provider) => [provider.id, provider] as const))('%s is a whole manifest', (_id, provider) => {
  expect(checkManifest(provider)).toEqual([]);
});

describe('inline pushes of many people (Garmin)', () => {
  test('one body brings records of several people and types', () => {
    const body = {
      dailies: [
        { userId: 'u1', summaryId: 'x1', calendarDate: '2026-02-03', durationInSeconds: 86_400 },
        { userId: 'u2', summaryId: 'x2', calendarDate: '2026-02-04', durationInSeconds: 3600 },
      ],
      sleeps: [{ userId: 'u1', summaryId: 's1', startTimeInSeconds: 1_770_080_400 }],
    };
    expect(notices(garmin, push(body))).toEqual([
      { providerUserId: 'u1', records: 'dailies', items: [body.dailies[0]] },
      { providerUserId: 'u2', records: 'dailies', items: [body.dailies[1]] },
      { providerUserId: 'u1', records: 'sleeps', items: [body.sleeps[0]] },
    ]);
  });

  test('a PING names where to fetch', () => {
    const url = 'https://apis.garmin.com/wellness-api/rest/sleeps?token=t1';
    expect(notices(garmin, push({ sleeps: [{ userId: 'u1', callbackURL: url }] }))).toEqual([
      { providerUserId: 'u1', changed: 'sleeps', url },
    ]);
  });

  test('lifecycle notices travel the same way', () => {
    const body = {
      deregistrations: [{ userId: 'u3' }],
      userPermissionsChange: [{ userId: 'u4', permissions: ['HEALTH_EXPORT'] }],
      moonPhases: [{ userId: 'u5' }],
    };
    expect(notices(garmin, push(body))).toEqual([
      { providerUserId: 'u3', revoked: true },
      { providerUserId: 'u4', scopes: ['HEALTH_EXPORT'] },
      { providerUserId: 'u5', ignored: 'summary type moonPhases' },
    ]);
  });

  test('history is asked for once: 202 is accepted, 409 was asked before, 412 is one scope', () => {
    const { backfill, outcome } = resource(garmin, 'dailies');
    const window = { start: new Date(1_770_000_000_000), end: new Date(1_770_086_400_000) };
    expect(backfill?.requests(window, requesting)).toEqual([
      {
        url: 'https://apis.garmin.com/wellness-api/rest/backfill/dailies',
        query: { summaryStartTimeInSeconds: 1_770_000_000, summaryEndTimeInSeconds: 1_770_086_400 },
      },
    ]);
    expect(resource(garmin, 'dailies').requests(window, requesting)).toEqual([]);
    expect([202, 409, 412, 429].map((status) => outcome?.(answer(undefined, status)))).toEqual([
      'accepted',
      'duplicate',
      'denied',
      'retry',
    ]);
  });

  test('permissions come from a step, in either of two shapes', () => {
    const granted = (json: unknown) =>
      auth(garmin).grantedScopes?.(authContext({ results: { permissions: answer(json) } }));
    expect(granted(['MCT_EXPORT'])).toEqual(['MCT_EXPORT']);
    expect(granted({ permissions: ['ACTIVITY_EXPORT'] })).toEqual(['ACTIVITY_EXPORT']);
    expect(auth(garmin).authorize.params?.(authContext({}))).toEqual({ scope: undefined });
  });

  test('summary and details of one activity become one payload', () => {
    const activity = { activityId: 88, startTimeInSeconds: 1_770_076_800, startTimeOffsetInSeconds: 7200 };
    const detail = { activityId: 88, summary: activity };
    const map = garmin.dataTypes.activity;
    expect(map?.group(detail, mapping)).toBe(map?.group(activity, mapping));
    const [payload] = map?.map({ activityDetails: [detail] }, mapping) ?? [];
    expect(payload).toMatchObject({
      key: 'activities/88',
      day: '2026-02-03',
      body: { metadata: { start_time: '2026-02-03T02:00:00.000000+02:00' } },
    });
  });
});

describe('enveloped answers and window notices (Withings)', () => {
  test('the outcome is inside an answer of 200', () => {
    const outcome = (status: number) => resource(withings, 'measures').outcome?.(answer({ status, body: {} }));
    expect([0, 401, 277, 601, 293].map(outcome)).toEqual(['ok', 'reauth', 'denied', 'retry', 'invalid']);
    expect(resource(withings, 'measures').outcome?.(answer(undefined, 502))).toBe('retry');
  });

  test('the next page is the same form with an offset', () => {
    const { requests, next } = resource(withings, 'measures');
    const window = { start: new Date(1_770_000_000_000), end: new Date(1_770_003_600_000) };
    const [first] = requests(window, requesting);
    if (!first) throw new Error('no request');
    expect(next?.(first, answer({ status: 0, body: { more: 1, offset: 41 } }))?.form).toEqual({
      ...first.form,
      offset: 41,
    });
    expect(next?.(first, answer({ status: 0, body: { more: 0, offset: 0 } }))).toBeUndefined();
  });

  test('a form says which window of which resource changed', () => {
    const body = 'userid=417&appli=1&startdate=1770000000&enddate=1770003600';
    expect(notices(withings, push(body))).toEqual([
      {
        providerUserId: '417',
        changed: 'measures',
        window: { start: new Date(1_770_000_000_000), end: new Date(1_770_003_600_000) },
      },
    ]);
    expect(notices(withings, push('userid=417&appli=16&date=2026-02-03'))).toEqual([
      {
        providerUserId: '417',
        changed: 'activities',
        window: { start: new Date('2026-02-03T00:00:00Z'), end: new Date('2026-02-04T00:00:00Z') },
      },
    ]);
  });

  test('unlinking is a revocation, an unknown kind is let be', () => {
    expect(notices(withings, push('userid=417&appli=46&action=unlink'))).toEqual([
      { providerUserId: '417', revoked: true },
    ]);
    expect(notices(withings, push('userid=417&appli=52'))).toEqual([{ providerUserId: '417', ignored: 'appli 52' }]);
  });

  test('the address is checked with HEAD', () => {
    expect(withings.push?.handshake?.(push('', { method: 'HEAD' }), subscribing)).toEqual({ status: 200 });
    expect(withings.push?.handshake?.(push('userid=1'), subscribing)).toBeUndefined();
  });

  test('there is a subscription for each kind, made and removed by name', () => {
    const names = (steps: { name: string }[] | undefined) => steps?.map(({ name }) => name);
    expect(names(withings.push?.subscribe)).toEqual(names(withings.push?.remove));
    expect(withings.push?.subscribe?.[0]?.request(subscribing).form).toEqual({
      action: 'subscribe',
      callbackurl: 'https://app.example.com/hooks/x',
      appli: '1',
    });
  });

  test('revoking takes a nonce from the first step into the second', () => {
    const [nonce, revoke] = auth(withings).revoke ?? [];
    const known = authContext({ providerUserId: '417' });
    expect(nonce?.request(known)?.form).toMatchObject({ action: 'getnonce', timestamp: '1780000000' });
    const results = { nonce: answer({ status: 0, body: { nonce: 'n-5' } }) };
    expect(revoke?.request({ ...known, results })?.form).toEqual({
      action: 'revoke',
      client_id: 'app',
      nonce: 'n-5',
      userid: '417',
      signature: hmac('sha256', 'quiet', 'revoke,app,n-5').toString('hex'),
    });
  });

  test('a record carries the zone that stood beside the list', () => {
    const json = {
      status: 0,
      body: {
        timezone: 'Asia/Tokyo',
        measuregrps: [{ grpid: 9, date: 1_770_065_000, measures: [{ type: 1, value: 7123, unit: -2 }] }],
      },
    };
    const records = resource(withings, 'measures').records(json);
    expect(resource(withings, 'measures').day(records[0], mapping)).toBe('2026-02-03');
    const [payload] = withings.dataTypes.body?.map({ measures: records }, mapping) ?? [];
    expect(payload?.body).toEqual({
      measurements_data: {
        measurements: [{ measurement_time: '2026-02-03T05:43:20.000000+09:00', weight_kg: expect.closeTo(71.23) }],
      },
    });
  });
});

describe('detail requests for each record (Strava)', () => {
  const activity = { id: 5501, start_date: '2026-02-03T23:30:00Z', utc_offset: 3600, manual: false };

  test('an activity leads to detail, streams and zones, whose answers are told what they belong to', () => {
    const expansions = resource(strava, 'activities').expand?.(activity) ?? [];
    expect(expansions.map(({ resource: name }) => name)).toEqual(['details', 'streams', 'zones']);
    const own = expansions[1]?.with;
    const [record] = resource(strava, 'streams').records({ heartrate: { data: [91] } });
    const stored = { ...record, ...own };
    expect(resource(strava, 'streams').identity(stored)).toBe('5501');
    expect(resource(strava, 'streams').day(stored, mapping)).toBe('2026-02-04');
    expect(strava.dataTypes.activity?.group(stored, mapping)).toBe(strava.dataTypes.activity?.group(activity, mapping));
  });

  test('a typed-in activity has only its detail, and no streams is no failure', () => {
    expect(resource(strava, 'activities').expand?.({ ...activity, manual: true })).toHaveLength(1);
    expect(resource(strava, 'streams').outcome?.(answer(undefined, 404))).toBe('empty');
  });

  test('the joined streams land in the payload; without them there are no samples', () => {
    const streams = { activity_id: '5501', streams: { time: { data: [0, 5] }, heartrate: { data: [91, 97] } } };
    const samples = (group: Record<string, unknown[]>) =>
      strava.dataTypes.activity?.map(group, mapping)[0]?.body.heart_rate_data;
    expect(samples({ activities: [activity], streams: [streams] })).toEqual({
      detailed: {
        hr_samples: [
          { bpm: 91, timestamp: '2026-02-04T00:30:00.000000+01:00' },
          { bpm: 97, timestamp: '2026-02-04T00:30:05.000000+01:00' },
        ],
      },
    });
    expect(samples({ activities: [activity] })).toBeNull();
  });

  test('granted scopes come from the callback, the account from the token answer', () => {
    const known = authContext({
      callback: { scope: 'read,activity:read_all' },
      tokenResponse: answer({ athlete: { id: 62, firstname: 'Ada', lastname: 'Moor' } }),
    });
    expect(auth(strava).grantedScopes?.(known)).toEqual(['read', 'activity:read_all']);
    expect(auth(strava).account(known)).toEqual({ providerUserId: '62', label: 'Ada Moor' });
  });

  test('deauthorisation is an update of the athlete', () => {
    const event = {
      object_type: 'athlete',
      object_id: 62,
      aspect_type: 'update',
      owner_id: 62,
      updates: { authorized: 'false' },
    };
    expect(notices(strava, push(event))).toEqual([{ providerUserId: '62', revoked: true }]);
  });

  test('hiding an activity deletes it with all that hangs on it', () => {
    const event = { object_type: 'activity', object_id: 5501, aspect_type: 'update', owner_id: 62 };
    expect(notices(strava, push({ ...event, updates: { title: 'x' } }))).toEqual([
      { providerUserId: '62', changed: 'details', id: '5501' },
    ]);
    const hidden = notices(strava, push({ ...event, updates: { private: 'true' } })) ?? [];
    expect(hidden).toContainEqual({ providerUserId: '62', deleted: 'activities', id: '5501' });
    expect(hidden).toContainEqual({ providerUserId: '62', deleted: 'details', id: '5501' });
  });

  test('one subscription serves the app, and its challenge is answered only with our token', () => {
    expect(strava.push?.scope).toBe('app');
    expect(strava.push?.subscribe?.[0]?.read?.(answer({ id: 900 }))).toEqual({ id: '900' });
    const challenge = (token: string) =>
      strava.push?.handshake?.(
        push('', { method: 'GET', query: { 'hub.verify_token': token, 'hub.challenge': 'c-8' } }),
        subscribing,
      );
    expect(challenge('verify-me')).toEqual({ status: 200, json: { 'hub.challenge': 'c-8' } });
    expect(challenge('else')).toEqual({ status: 403 });
  });
});

describe('intervals, a service account and two checks (Google Health)', () => {
  test('sleep is filtered by its end, exercise by its start', () => {
    const window = { start: new Date('2026-02-01T00:00:00Z'), end: new Date('2026-02-02T00:00:00Z') };
    const filter = (name: string) => resource(google, name).requests(window, requesting)[0]?.query?.filter;
    expect(filter('sleep')).toMatch(/^sleep\.interval\.end_time >= "2026-02-01T00:00:00\.000Z" AND /);
    expect(filter('exercise')).toMatch(/^exercise\.interval\.start_time >= /);
    expect(resource(google, 'sleep').window.filterOn).toBe('end');
  });

  test('one notice of several intervals is several changes, deletions among them', () => {
    const interval = (start: string, end: string) => ({ physicalTimeInterval: { startTime: start, endTime: end } });
    const intervals = [
      interval('2026-02-01T22:00:00Z', '2026-02-02T06:00:00Z'),
      interval('2026-02-02T13:00:00Z', '2026-02-02T13:40:00Z'),
    ];
    const data = { healthUserId: 'h1', operation: 'DELETE', dataType: 'sleep', intervals };
    expect(notices(google, push({ data }))).toEqual(
      intervals.map(({ physicalTimeInterval: { startTime, endTime } }) => ({
        providerUserId: 'h1',
        deleted: 'sleep',
        window: { start: new Date(startTime), end: new Date(endTime) },
      })),
    );
    const many = notices(
      google,
      push([{ data: { ...data, operation: 'UPSERT' } }, { data: { ...data, dataType: 'moods' } }]),
    );
    expect(many?.map((notice) => Object.keys(notice)[1])).toEqual(['changed', 'changed', 'ignored', 'ignored']);
  });

  test('subscribers are made by the app itself, not by an account', () => {
    const request = google.push?.subscribe?.[0]?.request(subscribing);
    expect(request).toMatchObject({ as: 'service', url: 'https://health.googleapis.com/v4/projects/4711/subscribers' });
    expect(google.service).toMatchObject({ algorithm: 'RS256', issuer: 'service_account_email' });
  });

  test('the two probes are told apart by the secret, before anything is trusted', () => {
    const probe = (authorization?: string) =>
      google.push?.handshake?.(
        { ...push({ type: 'verification' }), body: undefined, headers: authorization ? { authorization } : {} },
        subscribing,
      );
    expect(probe('Bearer verify-me')).toEqual({ status: 201 });
    expect(probe('Bearer else')).toEqual({ status: 401 });
    expect(probe()).toEqual({ status: 401 });
    expect(google.push?.handshake?.(push({ data: {} }), subscribing)).toBeUndefined();
  });

  test('secret and signature both have to hold', () => {
    const kinds = [google.push?.verify, ...(google.push?.verifyAlso ?? [])].map((verify) => verify?.kind);
    expect(kinds).toEqual(['header', 'es256']);
  });

  test('a refresh answer without a refresh token keeps the old one', () => {
    const token = auth(google).token(answer({ access_token: 'a', expires_in: 3600, scope: 'x y' }));
    expect(token).toEqual({ accessToken: 'a', expiresIn: 3600, scopes: ['x', 'y'] });
  });
});

describe('registration and address notices (Polar)', () => {
  const [register, user] = auth(polar).afterToken ?? [];

  test('the client proves itself with Basic, and there is nothing to refresh', () => {
    expect(auth(polar).exchange.clientAuth).toBe('basic');
    expect(auth(polar).refresh).toBeUndefined();
  });

  test('registration names our id; being registered before is fine, a missing consent is not', () => {
    expect(register?.request(authContext({}))?.json).toEqual({ 'member-id': 'member-31' });
    expect([200, 409, 403, 503].map((status) => register?.outcome?.(answer(undefined, status)))).toEqual([
      'ok',
      'duplicate',
      'denied',
      'retry',
    ]);
  });

  test('the account is the one of the token answer, and its user can be read', () => {
    const token = auth(polar).token(answer({ access_token: 'a', x_user_id: 4402, expires_in: 315_359_999 }));
    const known = authContext({ ...(token && { token }) });
    expect(user?.request(known)?.url).toBe('https://www.polaraccesslink.com/v3/users/4402');
    const results = { user: answer({ 'first-name': 'Eino', 'last-name': 'Laine' }) };
    expect(auth(polar).account({ ...known, results })).toEqual({ providerUserId: '4402', label: 'Eino Laine' });
  });

  test('the push secret is read from the answer that shows it once, and a PING needs none', () => {
    const created = answer({ data: { id: 'w1', signature_secret_key: 'shown-once' } }, 201);
    expect(polar.push?.subscribe?.[0]?.read?.(created)).toEqual({ id: 'w1', secret: 'shown-once' });
    expect(polar.push?.verify).toMatchObject({ secret: { subscription: true } });
    expect(polar.push?.handshake?.(push({ event: 'PING' }), subscribing)).toEqual({ status: 200 });
    expect(polar.push?.handshake?.(push({ event: 'SLEEP' }), subscribing)).toBeUndefined();
  });

  test('a notice carries the address to fetch', () => {
    const url = 'https://www.polaraccesslink.com/v3/exercises/e7';
    expect(notices(polar, push({ event: 'EXERCISE', user_id: 4402, entity_id: 'e7', url }))).toEqual([
      { providerUserId: '4402', changed: 'exercises', url },
    ]);
  });

  test('limits grow with the accounts', () => {
    const permits = polar.limits.map((limit) =>
      typeof limit.permits === 'function' ? limit.permits(10) : limit.permits,
    );
    expect(permits).toEqual([700, 6000]);
  });

  test('204 is nothing new, a refused request is a withdrawn consent', () => {
    const outcome = (status: number) => resource(polar, 'nights').outcome?.(answer(undefined, status));
    expect([204, 403, 429].map(outcome)).toEqual(['empty', 'reauth', 'retry']);
  });
});

describe('a record found through others (WHOOP)', () => {
  const night = {
    id: 'aa-1',
    cycle_id: 93,
    nap: false,
    start: '2026-02-02T23:10:00Z',
    end: '2026-02-03T06:50:00Z',
    timezone_offset: '-05:00',
  };

  test('a notice of a recovery names its sleep, which leads to recovery and cycle', () => {
    expect(notices(whoop, push({ user_id: 12, id: 'aa-1', type: 'recovery.updated' }))).toEqual([
      { providerUserId: '12', changed: 'sleep', id: 'aa-1' },
    ]);
    expect(resource(whoop, 'sleep').byId?.('aa-1', requesting).url).toMatch(/\/v2\/activity\/sleep\/aa-1$/);
    const urls = resource(whoop, 'sleep')
      .expand?.(night)
      .map(({ request }) => request.url);
    expect(urls).toEqual([
      'https://api.prod.whoop.com/developer/v2/cycle/93/recovery',
      'https://api.prod.whoop.com/developer/v2/cycle/93',
    ]);
    expect(resource(whoop, 'sleep').expand?.({ ...night, nap: true })).toEqual([]);
  });

  test('a deleted recovery is found by the same id', () => {
    expect(notices(whoop, push({ user_id: 12, id: 'aa-1', type: 'recovery.deleted' }))).toEqual([
      { providerUserId: '12', deleted: 'recovery', id: 'aa-1' },
    ]);
    expect(resource(whoop, 'recovery').identity({ sleep_id: 'aa-1', cycle_id: 93 })).toBe('aa-1');
    expect(resource(whoop, 'recovery').outcome?.(answer(undefined, 404))).toBe('empty');
  });

  test('sleep and recovery of one night make one payload; a pending score is none', () => {
    const map = whoop.dataTypes.sleep;
    const recovery = { sleep_id: 'aa-1', score: { recovery_score: 64 } };
    expect(map?.group(recovery, mapping)).toBe(map?.group(night, mapping));
    const read = (group: Record<string, unknown[]>) => map?.map(group, mapping)[0];
    expect(read({ sleep: [night], recovery: [recovery] })).toMatchObject({
      key: 'sleep/aa-1',
      day: '2026-02-03',
      body: { readiness_data: { readiness: 64 }, metadata: { start_time: '2026-02-02T18:10:00.000000-05:00' } },
    });
    expect(
      read({ sleep: [night], recovery: [{ sleep_id: 'aa-1', score_state: 'PENDING_SCORE' }] })?.body,
    ).toMatchObject({
      readiness_data: null,
    });
  });

  test('the signed message is the time before the body, and refreshing asks for the scope again', () => {
    const verify = whoop.push?.verify;
    if (verify?.kind !== 'hmac') throw new Error('not signed');
    const signed = verify.message?.(push('{"n":1}', { headers: { 'x-whoop-signature-timestamp': '1770000000123' } }));
    expect(Buffer.from(signed ?? []).toString()).toBe('1770000000123{"n":1}');
    expect(auth(whoop).refresh?.params?.(authContext({}))).toEqual({ scope: 'offline' });
  });

  test('pages go on with the other spelling of the token', () => {
    const [first] = resource(whoop, 'cycle').requests({ start: new Date(0), end: new Date(1) }, requesting);
    if (!first) throw new Error('no request');
    expect(resource(whoop, 'cycle').next?.(first, answer({ records: [], next_token: 'p2' }))?.query?.nextToken).toBe(
      'p2',
    );
    expect(resource(whoop, 'cycle').next?.(first, answer({ records: [] }))).toBeUndefined();
  });
});
