import type { Notice, Provider, PushRequest, Resource, WireRecord } from '../../../src/core/provider.ts';
import { formatInstant, localDay } from '../../../src/lib/time.ts';

/** WHOOP: a recovery is named by its sleep and found only through the sleep's cycle; scores come after the records. */

const host = 'https://api.prod.whoop.com';
const api = `${host}/developer`;

/** `+hh:mm`, `-hh:mm` or `Z`, minutes east of UTC. */
function offsetMinutes(text: string): number {
  const match = /^([+-])(\d{2}):(\d{2})$/.exec(text);
  if (!match) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

const localDayAt = (at: string, offset: string): string => localDay(new Date(at), offsetMinutes(offset));

function collection(path: string, scope: string): Omit<Resource, 'identity' | 'day'> {
  return {
    kind: 'record',
    scope,
    requests: ({ start, end }) => [
      { url: `${api}${path}`, query: { start: start.toISOString(), end: end.toISOString(), limit: 25 } },
    ],
    byId: (id) => ({ url: `${api}${path}/${id}` }),
    // The answer calls it next_token, the request nextToken.
    next: (request, { json }) => {
      const token = (json as WireRecord).next_token;
      return token ? { ...request, query: { ...request.query, nextToken: token } } : undefined;
    },
    records: (body) => (body as WireRecord).records ?? [body],
    version: (record) => record.updated_at,
    window: { maxDays: 30, filterOn: 'start', overlapDays: 1 },
  };
}

/** A recovery cannot be fetched by the id of its notice: its sleep is, and leads there. */
function notices({ body }: PushRequest): Notice[] {
  const { user_id, id, type } = body as WireRecord;
  const subject = { providerUserId: String(user_id) };
  const [resource = '', verb] = String(type).split('.');
  if (!(resource in resources)) return [{ ...subject, ignored: `type ${type}` }];
  if (verb === 'deleted') return [{ ...subject, deleted: resource, id }];
  return [{ ...subject, changed: resource === 'recovery' ? 'sleep' : resource, id }];
}

const resources: Record<string, Resource> = {
  sleep: {
    ...collection('/v2/activity/sleep', 'read:sleep'),
    identity: (record) => record.id,
    day: (record) => localDayAt(record.end, record.timezone_offset),
    expand: ({ cycle_id, end, timezone_offset, nap }) =>
      nap
        ? []
        : [
            {
              resource: 'recovery',
              request: { url: `${api}/v2/cycle/${cycle_id}/recovery` },
              with: { day: localDayAt(end, timezone_offset) },
            },
            { resource: 'cycle', request: { url: `${api}/v2/cycle/${cycle_id}` } },
          ],
  },
  recovery: {
    ...collection('/v2/recovery', 'read:recovery'),
    identity: (record) => record.sleep_id,
    day: (record) => record.day ?? localDay(new Date(record.created_at), 0),
    // No recovery yet is an answer: a notice follows when there is one.
    outcome: ({ status }) => {
      if (status === 200) return 'ok';
      if (status === 404) return 'empty';
      return status === 401 ? 'reauth' : status === 403 ? 'denied' : 'retry';
    },
  },
  cycle: {
    ...collection('/v2/cycle', 'read:cycles'),
    identity: (record) => String(record.id),
    day: (record) => localDayAt(record.start, record.timezone_offset),
  },
};

const whoop: Provider = {
  id: 'WHOOP',
  name: 'WHOOP',
  domains: ['whoop.com'],
  capabilities: ['poll', 'notify'],
  hosts: { api: host },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes: [
      // Without it there is no refresh token.
      { name: 'offline', required: true, dataTypes: [] },
      { name: 'read:profile', required: true, dataTypes: ['athlete'] },
      { name: 'read:sleep', dataTypes: ['sleep'] },
      { name: 'read:recovery', dataTypes: ['daily', 'sleep'] },
      { name: 'read:cycles', dataTypes: ['daily'] },
    ],
    authorize: { url: `${host}/oauth/oauth2/auth` },
    exchange: { url: `${host}/oauth/oauth2/token` },
    refresh: { url: `${host}/oauth/oauth2/token`, params: () => ({ scope: 'offline' }) },
    token: ({ json }) => {
      const body = json as WireRecord;
      if (typeof body?.access_token !== 'string') return undefined;
      return {
        accessToken: body.access_token,
        refreshToken: body.refresh_token,
        expiresIn: body.expires_in,
        scopes: body.scope?.split(' '),
      };
    },
    afterToken: [{ name: 'profile', request: () => ({ url: `${api}/v2/user/profile/basic` }) }],
    account: ({ results }) => {
      const profile: WireRecord = results.profile?.json;
      return { providerUserId: String(profile.user_id), label: profile.email };
    },
    refreshSkew: 300,
    isDead: ({ json }) => (json as WireRecord)?.error === 'invalid_grant',
    revoke: [{ name: 'revoke', request: () => ({ method: 'DELETE', url: `${api}/v2/user/access` }) }],
  },
  resources,
  push: {
    scope: 'manual',
    maxBytes: 16_384,
    answerWithin: 1,
    verify: {
      kind: 'hmac',
      algorithm: 'sha256',
      encoding: 'base64',
      header: 'x-whoop-signature',
      secret: { credential: 'client_secret' },
      message: ({ headers, rawBody }) =>
        Buffer.concat([Buffer.from(headers['x-whoop-signature-timestamp'] ?? ''), rawBody]),
      timestamp: { header: 'x-whoop-signature-timestamp', unit: 'ms', tolerance: 300 },
    },
    notices,
    silentAfterHours: 24,
  },
  dataTypes: {
    sleep: {
      anchor: ['sleep'],
      joins: [{ resource: 'recovery', on: 'id' }],
      group: (record) => record.sleep_id ?? record.id,
      map: ({ sleep = [], recovery = [] }, context) =>
        sleep.map((night) => {
          const offset = offsetMinutes(night.timezone_offset);
          const key = context.summaryId('sleep', night.id);
          const start = new Date(night.start);
          const metadata = { summary_id: key, start_time: formatInstant(start, offset), is_nap: night.nap };
          // Only a scored recovery has a score; pending is not zero.
          const readiness = recovery[0]?.score?.recovery_score ?? null;
          return {
            key,
            day: localDayAt(night.end, night.timezone_offset),
            start,
            body: { metadata, readiness_data: readiness === null ? null : { readiness } },
          };
        }),
    },
  },
  limits: [
    { scope: 'app', permits: 100, window: 60 },
    { scope: 'app', permits: 10_000, window: 86_400 },
  ],
};

export default whoop;
