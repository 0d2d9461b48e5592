import type { Expansion, Notice, Provider, PushRequest, WireRecord } from '../../../src/core/provider.ts';
import { formatInstant, localDay } from '../../../src/lib/time.ts';

/**
 * Strava: the callback says what was granted, every activity needs three more requests whose answers do not name it,
 * one subscription serves the whole app, and revoking arrives as an update of the athlete.
 */

const site = 'https://www.strava.com';
const api = `${site}/api/v3`;
const STREAMS = 'time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving';

function expand({ id, manual, start_date, utc_offset }: WireRecord): Expansion[] {
  const own = { activity_id: String(id), day: localDay(new Date(start_date), utc_offset / 60) };
  const detail: Expansion = { resource: 'details', request: { url: `${api}/activities/${id}` } };
  // A typed-in activity has neither streams nor zones.
  if (manual) return [detail];
  const streams = { url: `${api}/activities/${id}/streams`, query: { keys: STREAMS, key_by_type: true } };
  return [
    detail,
    { resource: 'streams', request: streams, with: own },
    { resource: 'zones', request: { url: `${api}/activities/${id}/zones` }, with: own },
  ];
}

const startDay = (record: WireRecord): string => localDay(new Date(record.start_date), record.utc_offset / 60);

const belonging = {
  kind: 'record' as const,
  scope: 'activity:read_all',
  requests: () => [],
  identity: (record: WireRecord) => record.activity_id,
  day: (record: WireRecord) => record.day,
  window: { maxDays: 30, filterOn: 'start' as const, overlapDays: 0 },
};

function notices({ body }: PushRequest): Notice[] {
  const { object_type, object_id, aspect_type, owner_id, updates = {} } = body as WireRecord;
  const subject = { providerUserId: String(owner_id) };
  if (object_type === 'athlete') {
    const isRevoked = String(updates.authorized) === 'false';
    return [isRevoked ? { ...subject, revoked: true } : { ...subject, ignored: 'athlete update' }];
  }
  const id = String(object_id);
  const isHidden = String(updates.private) === 'true';
  const isGone = aspect_type === 'delete' || isHidden;
  if (!isGone) return [{ ...subject, changed: 'details', id }];
  return ['activities', 'details', 'streams', 'zones'].map((deleted) => ({ ...subject, deleted, id }));
}

const strava: Provider = {
  id: 'STRAVA',
  name: 'Strava',
  domains: ['strava.com'],
  capabilities: ['poll', 'notify'],
  hosts: { site },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [
      { name: 'read', dataTypes: ['athlete'] },
      { name: 'activity:read_all', required: true, dataTypes: ['activity'] },
      { name: 'profile:read_all', default: false, dataTypes: ['athlete', 'body'] },
    ],
    authorize: { url: `${site}/oauth/authorize`, scopeSeparator: ',', params: () => ({ approval_prompt: 'auto' }) },
    exchange: { url: `${site}/oauth/token` },
    refresh: { url: `${site}/oauth/token` },
    token: ({ json }) => {
      const body = json as WireRecord;
      if (typeof body?.access_token !== 'string') return undefined;
      return { accessToken: body.access_token, refreshToken: body.refresh_token, expiresAt: body.expires_at };
    },
    account: ({ tokenResponse }) => {
      const answer: WireRecord = tokenResponse?.json;
      const { id, firstname, lastname } = answer.athlete;
      return { providerUserId: String(id), label: `${firstname} ${lastname}` };
    },
    grantedScopes: ({ callback }) => callback.scope?.split(','),
    refreshSkew: 1800,
    isDead: ({ status, json }) =>
      status === 400 && (json as WireRecord)?.errors?.some((error: WireRecord) => error.field === 'refresh_token'),
    revoke: [
      {
        name: 'deauthorize',
        request: ({ token }) => ({
          method: 'POST',
          url: `${site}/oauth/deauthorize`,
          form: { access_token: token?.accessToken },
          as: 'nobody',
        }),
      },
    ],
  },
  resources: {
    activities: {
      kind: 'record',
      scope: 'activity:read_all',
      requests: ({ start, end }) => [
        {
          url: `${api}/athlete/activities`,
          query: { after: start.getTime() / 1000, before: end.getTime() / 1000, page: 1, per_page: 200 },
        },
      ],
      next: (request, { json }) => {
        if ((json as WireRecord[]).length === 0) return undefined;
        return { ...request, query: { ...request.query, page: Number(request.query?.page) + 1 } };
      },
      records: (body) => body as WireRecord[],
      identity: (record) => String(record.id),
      day: startDay,
      expand,
      window: { maxDays: 90, filterOn: 'start', overlapDays: 1 },
    },
    details: {
      ...belonging,
      byId: (id) => ({ url: `${api}/activities/${id}` }),
      records: (body) => [body],
      identity: (record) => String(record.id),
      day: startDay,
      expand: (record) => expand(record).slice(1),
    },
    // 404 for an activity without samples is an answer, not a failure.
    streams: {
      ...belonging,
      records: (body) => [{ streams: body }],
      outcome: ({ status }) =>
        status === 404
          ? 'empty'
          : status === 200
            ? 'ok'
            : status === 401
              ? 'reauth'
              : status === 429
                ? 'retry'
                : 'give_up',
    },
    zones: { ...belonging, records: (body) => [{ zones: body }] },
  },
  push: {
    scope: 'app',
    subscribe: [
      {
        name: 'subscription',
        request: ({ callbackUrl, credentials, verifyToken }) => ({
          method: 'POST',
          url: `${api}/push_subscriptions`,
          form: {
            client_id: credentials.client_id,
            client_secret: credentials.client_secret,
            callback_url: callbackUrl,
            verify_token: verifyToken,
          },
          as: 'nobody',
        }),
        read: ({ json }) => ({ id: String((json as WireRecord).id) }),
      },
    ],
    remove: [
      {
        name: 'subscription',
        request: ({ subscription, credentials }) => ({
          method: 'DELETE',
          url: `${api}/push_subscriptions/${subscription?.id}`,
          query: { client_id: credentials.client_id, client_secret: credentials.client_secret },
          as: 'nobody',
        }),
      },
    ],
    maxBytes: 16_384,
    answerWithin: 2,
    handshake: ({ method, query }, { verifyToken }) => {
      if (method !== 'GET') return undefined;
      if (query['hub.verify_token'] !== verifyToken) return { status: 403 };
      return { status: 200, json: { 'hub.challenge': query['hub.challenge'] } };
    },
    verify: { kind: 'path' },
    notices,
    silentAfterHours: 72,
  },
  dataTypes: {
    activity: {
      anchor: ['activities', 'details'],
      joins: [
        { resource: 'streams', on: 'id' },
        { resource: 'zones', on: 'id' },
      ],
      group: (record) => String(record.id ?? record.activity_id),
      map: ({ activities = [], details = [], streams = [] }, context) => {
        const activity = details[0] ?? activities[0];
        if (!activity) return [];
        const start = new Date(activity.start_date);
        const offset = activity.utc_offset / 60;
        const key = context.summaryId('activities', String(activity.id));
        const rates: { data: number[] } | undefined = streams[0]?.streams.heartrate;
        const samples = rates?.data.map((bpm, index) => ({
          bpm,
          timestamp: formatInstant(new Date(start.getTime() + streams[0]?.streams.time.data[index] * 1000), offset),
        }));
        const body = {
          metadata: { summary_id: key, start_time: formatInstant(start, offset), upload_type: activity.manual ? 2 : 1 },
          heart_rate_data: samples ? { detailed: { hr_samples: samples } } : null,
        };
        return [{ key, day: localDay(start, offset), start, body }];
      },
    },
  },
  limits: [
    { scope: 'app', permits: 100, window: 900, aligned: true },
    { scope: 'app', permits: 1000, window: 86_400, aligned: true },
  ],
};

export default strava;
