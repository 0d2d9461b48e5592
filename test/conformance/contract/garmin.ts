import type { ApiResponse } from '../../../src/core/http.ts';
import type { Notice, Outcome, Provider, PushRequest, Resource, WireRecord } from '../../../src/core/provider.ts';
import { formatInstant, localDay } from '../../../src/lib/time.ts';

/** Garmin: data of many people is pushed in one body or announced by a PING; history is asked for and arrives as pushes. */

const api = 'https://apis.garmin.com';
const rest = `${api}/wellness-api/rest`;

/** Lifecycle types; every other key of a body is a summary type. */
const DEREGISTRATIONS = 'deregistrations';
const PERMISSIONS = 'userPermissionsChange';

const startDay = (record: WireRecord): string =>
  record.calendarDate ??
  localDay(new Date(record.startTimeInSeconds * 1000), (record.startTimeOffsetInSeconds ?? 0) / 60);

/** Nothing is polled; a range of the past is asked for once and refused the second time. */
function summary(path: string, identity: (record: WireRecord) => string, maxDays: number): Resource {
  return {
    kind: 'record',
    requests: () => [],
    records: (body) => (Array.isArray(body) ? body : []),
    identity,
    version: (record) => record.durationInSeconds,
    day: startDay,
    window: { maxDays: 1, filterOn: 'upload', overlapDays: 0 },
    backfill: {
      maxDays,
      requests: ({ start, end }) => [
        {
          url: `${rest}/backfill/${path}`,
          query: {
            summaryStartTimeInSeconds: start.getTime() / 1000,
            summaryEndTimeInSeconds: end.getTime() / 1000,
          },
        },
      ],
    },
    outcome: outcomeOf,
  };
}

function outcomeOf({ status }: ApiResponse): Outcome {
  if (status === 202) return 'accepted';
  if (status === 409) return 'duplicate';
  if (status === 412) return 'denied';
  if (status === 401 || status === 403) return 'reauth';
  if (status === 429 || status >= 500) return 'retry';
  return status === 200 ? 'ok' : 'invalid';
}

/** An update often has a new summaryId: who and when is what stays. */
const byStart = (record: WireRecord): string => String(record.startTimeInSeconds);

function notices(request: PushRequest): Notice[] {
  const body = request.body as Record<string, WireRecord[]>;
  return Object.entries(body).flatMap(([type, items]) => items.map((item) => noticeOf(type, item)));
}

function noticeOf(type: string, item: WireRecord): Notice {
  const subject = { providerUserId: String(item.userId) };
  if (type === DEREGISTRATIONS) return { ...subject, revoked: true };
  if (type === PERMISSIONS) return { ...subject, scopes: item.permissions };
  if (!(type in resources)) return { ...subject, ignored: `summary type ${type}` };
  if (item.callbackURL) return { ...subject, changed: type, url: item.callbackURL };
  return { ...subject, records: type, items: [item] };
}

const resources: Record<string, Resource> = {
  dailies: summary('dailies', (record) => record.calendarDate, 90),
  sleeps: summary('sleeps', byStart, 90),
  activities: summary('activities', (record) => String(record.activityId), 30),
  activityDetails: summary('activityDetails', (record) => String(record.activityId), 30),
};

const permissions = (body: unknown): string[] =>
  Array.isArray(body) ? body : (body as { permissions: string[] }).permissions;

const garmin: Provider = {
  id: 'GARMIN',
  name: 'Garmin',
  domains: ['garmin.com'],
  capabilities: ['push', 'notify'],
  hosts: { api, token: 'https://diauth.garmin.com' },
  credentials: [
    { name: 'client_id', label: 'Consumer key' },
    { name: 'client_secret', label: 'Consumer secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [
      { name: 'HEALTH_EXPORT', dataTypes: ['daily', 'sleep', 'body'] },
      { name: 'ACTIVITY_EXPORT', dataTypes: ['activity'] },
      { name: 'MCT_EXPORT', dataTypes: ['menstruation'] },
    ],
    authorize: {
      url: 'https://connect.garmin.com/oauth2Confirm',
      pkce: 'S256',
      // What may be read is chosen in the app's own settings and by the person; there is no such parameter.
      params: () => ({ scope: undefined }),
    },
    exchange: { url: 'https://diauth.garmin.com/di-oauth2-service/oauth/token' },
    refresh: { url: 'https://diauth.garmin.com/di-oauth2-service/oauth/token' },
    token: ({ json }) => {
      const body = json as WireRecord;
      if (typeof body?.access_token !== 'string') return undefined;
      return { accessToken: body.access_token, refreshToken: body.refresh_token, expiresIn: body.expires_in };
    },
    afterToken: [
      { name: 'user', request: () => ({ url: `${rest}/user/id` }) },
      { name: 'permissions', request: () => ({ url: `${rest}/user/permissions` }) },
    ],
    account: ({ results }) => {
      const user: WireRecord = results.user?.json;
      return { providerUserId: user.userId };
    },
    grantedScopes: ({ results }) => permissions(results.permissions?.json),
    refreshSkew: 600,
    isDead: ({ json }) => (json as WireRecord)?.error === 'invalid_grant',
    revoke: [{ name: 'deregister', request: () => ({ method: 'DELETE', url: `${rest}/user/registration` }) }],
  },
  resources,
  push: {
    scope: 'manual',
    maxBytes: 100 * 1024 * 1024,
    answerWithin: 30,
    verify: { kind: 'header', header: 'garmin-client-id', equals: { credential: 'client_id' } },
    notices,
    silentAfterHours: 48,
  },
  dataTypes: {
    activity: {
      anchor: ['activities', 'activityDetails'],
      joins: [],
      group: (record) => String(record.activityId),
      map: ({ activities = [], activityDetails = [] }, context) => {
        const summaryOf = activities[0] ?? activityDetails[0]?.summary;
        if (!summaryOf) return [];
        const offset = (summaryOf.startTimeOffsetInSeconds ?? 0) / 60;
        const start = new Date(summaryOf.startTimeInSeconds * 1000);
        const key = context.summaryId('activities', String(summaryOf.activityId ?? activityDetails[0]?.activityId));
        const metadata = { summary_id: key, start_time: formatInstant(start, offset) };
        return [{ key, day: localDay(start, offset), start, body: { metadata } }];
      },
    },
  },
  limits: [{ scope: 'app', permits: 3000, window: 60 }],
};

export default garmin;
