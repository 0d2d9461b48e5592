import type { Notice, Provider, PushRequest, Resource, WireRecord } from '../../../src/core/provider.ts';

/**
 * Polar: nobody has data before a registration that names an id of ours, the client proves itself with Basic, the
 * push secret is shown once, and notices carry the address to fetch.
 */

const api = 'https://www.polaraccesslink.com';
const EVENTS: Record<string, string> = { EXERCISE: 'exercises', SLEEP: 'nights', ACTIVITY_SUMMARY: 'activities' };

interface EventBody {
  event: string;
  user_id: number;
  url?: string;
}

function notices({ body }: PushRequest): Notice[] {
  const { event, user_id, url } = body as EventBody;
  const subject = { providerUserId: String(user_id) };
  const changed = EVENTS[event];
  if (!changed || !url) return [{ ...subject, ignored: `event ${event}` }];
  return [{ ...subject, changed, url }];
}

/** There is no notice of a withdrawn consent: the first refused request says it. */
const outcome: Resource['outcome'] = ({ status }) => {
  if (status === 200) return 'ok';
  if (status === 204) return 'empty';
  if (status === 401 || status === 403) return 'reauth';
  if (status === 404) return 'gone';
  return status === 429 || status >= 500 ? 'retry' : 'invalid';
};

const listed = (name: string, path: string, identity: (record: WireRecord) => string): Resource => ({
  kind: 'record',
  requests: ({ start, end }) => [
    { url: `${api}${path}`, query: { from: start.toISOString().slice(0, 10), to: end.toISOString().slice(0, 10) } },
  ],
  // A notice's address answers with one record, the list with many.
  records: (body) => (body as WireRecord)[name] ?? (Array.isArray(body) ? body : [body]),
  identity,
  day: (record) => record.date ?? record.start_time.slice(0, 10),
  window: { maxDays: 28, filterOn: 'start', overlapDays: 1 },
  outcome,
});

const polar: Provider = {
  id: 'POLAR',
  name: 'Polar',
  domains: ['polar.com'],
  capabilities: ['poll', 'notify'],
  hosts: { api, token: 'https://polarremote.com' },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [{ name: 'accesslink.read_all', required: true, dataTypes: ['activity', 'daily', 'sleep', 'body'] }],
    authorize: { url: 'https://flow.polar.com/oauth2/authorization' },
    exchange: {
      url: 'https://polarremote.com/v2/oauth2/token',
      clientAuth: 'basic',
      headers: { accept: 'application/json;charset=UTF-8' },
    },
    token: ({ json }) => {
      const body = json as WireRecord;
      if (typeof body?.access_token !== 'string') return undefined;
      const extra = { user: String(body.x_user_id) };
      return { accessToken: body.access_token, expiresIn: body.expires_in, extra };
    },
    afterToken: [
      {
        name: 'register',
        request: ({ memberId }) => ({ method: 'POST', url: `${api}/v3/users`, json: { 'member-id': memberId } }),
        outcome: ({ status }) => {
          if (status === 409) return 'duplicate';
          if (status >= 200 && status < 300) return 'ok';
          return status === 403 ? 'denied' : status >= 500 ? 'retry' : 'give_up';
        },
      },
      // 409 may also mean that the link belongs to somebody else; only a readable user proves that it is ours.
      { name: 'user', request: ({ token }) => ({ url: `${api}/v3/users/${token?.extra?.user}` }) },
    ],
    account: ({ token, results }) => {
      const user = results.user?.json as WireRecord;
      return { providerUserId: token?.extra?.user ?? '', label: `${user['first-name']} ${user['last-name']}` };
    },
    refreshSkew: 0,
    isDead: () => false,
    revoke: [
      {
        name: 'delete',
        request: ({ providerUserId }) => ({ method: 'DELETE', url: `${api}/v3/users/${providerUserId}` }),
      },
    ],
  },
  resources: {
    exercises: {
      ...listed('exercises', '/v3/exercises', (record) => record.id),
      byId: (id) => ({ url: `${api}/v3/exercises/${id}` }),
    },
    nights: listed('nights', '/v3/users/sleep', (record) => record.date),
    activities: listed('activities', '/v3/users/activities', (record) => record.start_time.slice(0, 10)),
    exercise_files: {
      ...listed('files', '/v3/exercises', (record) => record.file_id),
      requests: () => [],
      decode: 'fit',
    },
  },
  push: {
    scope: 'app',
    subscribe: [
      {
        name: 'webhook',
        request: ({ callbackUrl }) => ({
          method: 'POST',
          url: `${api}/v3/webhooks`,
          json: { events: Object.keys(EVENTS), url: callbackUrl },
          as: 'basic',
        }),
        read: ({ json }) => {
          const { id, signature_secret_key } = (json as WireRecord).data;
          return { id, secret: signature_secret_key };
        },
      },
    ],
    remove: [
      {
        name: 'webhook',
        request: ({ subscription }) => ({
          method: 'DELETE',
          url: `${api}/v3/webhooks/${subscription?.id}`,
          as: 'basic',
        }),
      },
    ],
    maxBytes: 65_536,
    answerWithin: 10,
    // Comes while the subscription is being made, when the secret is not known yet.
    handshake: ({ rawBody }) => {
      const body: WireRecord = JSON.parse(Buffer.from(rawBody).toString('utf8'));
      return body.event === 'PING' ? { status: 200 } : undefined;
    },
    verify: {
      kind: 'hmac',
      algorithm: 'sha256',
      encoding: 'hex',
      header: 'polar-webhook-signature',
      secret: { subscription: true },
    },
    notices,
    silentAfterHours: 24,
  },
  dataTypes: {
    sleep: {
      anchor: ['nights'],
      joins: [],
      group: (record) => record.date,
      map: ({ nights = [] }, context) =>
        nights.map((night) => {
          const key = context.summaryId('nights', night.date);
          const start_time = night.sleep_start_time;
          return {
            key,
            day: night.date,
            start: new Date(start_time),
            body: { metadata: { summary_id: key, start_time } },
          };
        }),
    },
  },
  limits: [
    { scope: 'app', permits: (accounts) => 500 + 20 * accounts, window: 900 },
    { scope: 'app', permits: (accounts) => 5000 + 100 * accounts, window: 86_400 },
  ],
};

export default polar;
