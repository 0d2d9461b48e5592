import type { ApiResponse } from '../../../src/core/http.ts';
import type {
  Notice,
  Provider,
  PushRequest,
  Resource,
  SubscriptionContext,
  WireRecord,
} from '../../../src/core/provider.ts';
import { equalsConstantTime } from '../../../src/lib/hash.ts';
import { formatInstant, localDay } from '../../../src/lib/time.ts';

/**
 * Google Health: sleep is filtered by its end, deletions name intervals, subscribers are managed by a service account,
 * and a push carries both a secret and an ES256 signature.
 */

const api = 'https://health.googleapis.com';
const me = `${api}/v4/users/me`;
const prefix = 'https://www.googleapis.com/auth/googlehealth';

/** Durations come as text: `7200s`. */
const offsetMinutes = (text: string | undefined): number => (text ? Number.parseInt(text, 10) / 60 : 0);

function points(type: string, scope: string, filterOn: 'start' | 'end', pageSize: number): Resource {
  const member = type.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const filtered = `${type.replaceAll('-', '_')}.interval.${filterOn}_time`;
  return {
    kind: 'record',
    scope,
    requests: ({ start, end }) => [
      {
        url: `${me}/dataTypes/${type}/dataPoints`,
        query: {
          filter: `${filtered} >= "${start.toISOString()}" AND ${filtered} < "${end.toISOString()}"`,
          pageSize,
        },
      },
    ],
    next: (request, { json }) => {
      const token = (json as WireRecord).nextPageToken;
      return token ? { ...request, query: { ...request.query, pageToken: token } } : undefined;
    },
    records: (body) => (body as WireRecord).dataPoints ?? [],
    identity: (record) => record.name.split('/').at(-1),
    day: (record) => {
      const { [`${filterOn}Time`]: at, [`${filterOn}UtcOffset`]: offset } = record[member].interval;
      return localDay(new Date(at), offsetMinutes(offset));
    },
    window: { maxDays: 14, filterOn, overlapDays: 1 },
  };
}

/** One object or a list of them, each with any number of intervals. */
function notices({ body }: PushRequest): Notice[] {
  const items: WireRecord[] = Array.isArray(body) ? body : [body];
  return items.flatMap(({ data }) =>
    data.intervals.map(({ physicalTimeInterval }: WireRecord): Notice => {
      const subject = { providerUserId: data.healthUserId };
      const window = { start: new Date(physicalTimeInterval.startTime), end: new Date(physicalTimeInterval.endTime) };
      if (!(data.dataType in resources)) return { ...subject, ignored: `data type ${data.dataType}` };
      return data.operation === 'DELETE'
        ? { ...subject, deleted: data.dataType, window }
        : { ...subject, changed: data.dataType, window };
    }),
  );
}

/** Two probes: with our secret 201 is expected, without it 401. */
function handshake({ rawBody, headers }: PushRequest, { verifyToken }: SubscriptionContext) {
  const body: WireRecord = JSON.parse(Buffer.from(rawBody).toString('utf8'));
  if (body.type !== 'verification') return undefined;
  return { status: equalsConstantTime(headers.authorization ?? '', `Bearer ${verifyToken}`) ? 201 : 401 };
}

const resources: Record<string, Resource> = {
  sleep: points('sleep', `${prefix}.sleep.readonly`, 'end', 25),
  exercise: points('exercise', `${prefix}.activity_and_fitness.readonly`, 'start', 25),
};

const subscriber = ({ credentials }: SubscriptionContext) =>
  `${api}/v4/projects/${credentials.project_number}/subscribers`;

const google: Provider = {
  id: 'GOOGLE',
  name: 'Google Health',
  domains: ['google.com'],
  capabilities: ['poll', 'notify'],
  hosts: { api, token: 'https://oauth2.googleapis.com' },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
    { name: 'project_number', label: 'Project number' },
    { name: 'service_account_email', label: 'Service account', kind: 'email' },
    { name: 'service_account_key', label: 'Private key of the service account', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [
      { name: `${prefix}.profile.readonly`, required: true, dataTypes: ['athlete'] },
      { name: `${prefix}.sleep.readonly`, dataTypes: ['sleep'] },
      { name: `${prefix}.activity_and_fitness.readonly`, dataTypes: ['activity', 'daily'] },
    ],
    authorize: {
      url: 'https://accounts.google.com/o/oauth2/v2/auth',
      pkce: 'S256',
      // Without both, later logins come without a refresh token.
      params: () => ({ access_type: 'offline', prompt: 'consent', include_granted_scopes: 'true' }),
    },
    exchange: { url: 'https://oauth2.googleapis.com/token' },
    refresh: { url: 'https://oauth2.googleapis.com/token' },
    token: ({ json }: ApiResponse) => {
      const body = json as WireRecord;
      if (typeof body?.access_token !== 'string') return undefined;
      return {
        accessToken: body.access_token,
        expiresIn: body.expires_in,
        scopes: body.scope.split(' '),
        ...(body.refresh_token && { refreshToken: body.refresh_token }),
      };
    },
    afterToken: [
      { name: 'identity', request: () => ({ url: `${me}/identity` }) },
      { name: 'settings', request: () => ({ url: `${me}/settings` }) },
    ],
    account: ({ results }) => {
      const identity: WireRecord = results.identity?.json;
      return { providerUserId: identity.healthUserId };
    },
    zone: ({ results }) => (results.settings?.json as WireRecord)?.timeZone,
    refreshSkew: 300,
    isDead: ({ json }) => (json as WireRecord)?.error === 'invalid_grant',
    revoke: [
      {
        name: 'revoke',
        request: ({ token }) => ({
          method: 'POST',
          url: 'https://oauth2.googleapis.com/revoke',
          query: { token: token?.refreshToken ?? token?.accessToken },
          as: 'nobody',
        }),
      },
    ],
  },
  service: {
    tokenUrl: 'https://oauth2.googleapis.com/token',
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    algorithm: 'RS256',
    issuer: 'service_account_email',
    privateKey: 'service_account_key',
  },
  resources,
  push: {
    scope: 'app',
    subscribe: [
      {
        name: 'subscriber',
        request: (context) => ({
          method: 'POST',
          url: subscriber(context),
          query: { subscriberId: 'solum' },
          json: {
            endpointUri: context.callbackUrl,
            subscriberConfigs: [{ dataTypes: Object.keys(resources), subscriptionCreatePolicy: 'AUTOMATIC' }],
            endpointAuthorization: { secret: `Bearer ${context.verifyToken}` },
          },
          as: 'service',
        }),
        read: ({ json }) => ({ id: (json as WireRecord).name.split('/').at(-1) }),
      },
    ],
    remove: [
      {
        name: 'subscriber',
        request: (context) => ({
          method: 'DELETE',
          url: `${subscriber(context)}/${context.subscription?.id}`,
          as: 'service',
        }),
      },
    ],
    maxBytes: 1024 * 1024,
    answerWithin: 10,
    handshake,
    verify: { kind: 'header', header: 'authorization', equals: { verifyToken: true } },
    verifyAlso: [{ kind: 'es256', header: 'google-health-api-signature', publicKey: '-----BEGIN PUBLIC KEY-----' }],
    notices,
    silentAfterHours: 24,
  },
  dataTypes: {
    sleep: {
      anchor: ['sleep'],
      joins: [],
      group: (record) => record.name,
      map: ({ sleep = [] }, context) =>
        sleep.map((record) => {
          const { startTime, startUtcOffset, endTime, endUtcOffset } = record.sleep.interval;
          const key = context.summaryId('sleep', record.name.split('/').at(-1));
          const metadata = {
            summary_id: key,
            start_time: formatInstant(new Date(startTime), offsetMinutes(startUtcOffset)),
            end_time: formatInstant(new Date(endTime), offsetMinutes(endUtcOffset)),
          };
          const day = localDay(new Date(endTime), offsetMinutes(endUtcOffset));
          return { key, day, start: new Date(startTime), end: new Date(endTime), body: { metadata } };
        }),
    },
  },
  limits: [{ scope: 'account', permits: 300, window: 60 }],
};

export default google;
