import type { ApiRequest, ApiResponse } from '../../../src/core/http.ts';
import type {
  Notice,
  Outcome,
  Provider,
  PushRequest,
  Resource,
  SubscriptionContext,
  SubscriptionStep,
  WireRecord,
} from '../../../src/core/provider.ts';
import { formatInstant, localDay, zoneOffsetMinutes } from '../../../src/lib/time.ts';
import shipped from '../../../src/providers/withings/manifest.ts';

/** Withings: every answer in an envelope, notices that name a window, one subscription per kind, a HEAD check first. */

const api = 'https://wbsapi.withings.net';

/** What each kind of notice makes worth asking for again. */
const APPLI: Record<string, string[]> = {
  '1': ['measures'],
  '4': ['measures'],
  '16': ['activities'],
  '44': ['nights'],
};
const PROFILE = '46';

interface Envelope {
  status: number;
  body: WireRecord;
}

function outcomeOf({ status, json }: ApiResponse): Outcome {
  const code = (json as Envelope | undefined)?.status;
  if (code === undefined) return status >= 500 ? 'retry' : 'give_up';
  if (code === 0) return 'ok';
  if ([100, 101, 102, 200, 401].includes(code)) return 'reauth';
  if ([214, 277, 2553, 2555].includes(code)) return 'denied';
  return code === 601 || code === 522 ? 'retry' : 'invalid';
}

/** `more` may be 1 or true, and says that `offset` goes on. */
function next(request: ApiRequest, { json }: ApiResponse): ApiRequest | undefined {
  const { more, offset } = (json as Envelope).body;
  return more ? { ...request, form: { ...request.form, offset } } : undefined;
}

const measures: Resource = {
  kind: 'record',
  scope: 'user.metrics',
  requests: ({ start, end }) => [
    {
      method: 'POST',
      url: `${api}/measure`,
      form: { action: 'getmeas', category: 1, startdate: start.getTime() / 1000, enddate: end.getTime() / 1000 },
    },
  ],
  next,
  // The zone stands beside the list; a record has to carry its own.
  records: (json) => {
    const { body } = json as Envelope;
    return body.measuregrps.map((group: WireRecord) => ({ timezone: body.timezone, ...group }));
  },
  identity: (record) => String(record.grpid),
  version: (record) => record.modified,
  day: (record) => {
    const at = new Date(record.date * 1000);
    return localDay(at, zoneOffsetMinutes(record.timezone, at) ?? 0);
  },
  window: { maxDays: 90, filterOn: 'start', overlapDays: 0 },
  outcome: outcomeOf,
};

function byDay(service: string, action: string, scope: string): Resource {
  return {
    ...measures,
    scope,
    requests: ({ start, end }) => [
      {
        method: 'POST',
        url: `${api}/v2/${service}`,
        form: { action, startdateymd: localDay(start, 0), enddateymd: localDay(end, 0) },
      },
    ],
    records: (json) => (json as Envelope).body.activities ?? (json as Envelope).body.series,
    identity: (record) => String(record.id ?? record.date),
    day: (record) => record.date,
    window: { maxDays: 200, filterOn: 'start', overlapDays: 1 },
  };
}

function subscription(action: 'subscribe' | 'revoke', appli: string): SubscriptionStep {
  return {
    name: `appli_${appli}`,
    request: ({ callbackUrl }: SubscriptionContext) => ({
      method: 'POST',
      url: `${api}/notify`,
      form: { action, callbackurl: callbackUrl, appli },
    }),
    outcome: outcomeOf,
  };
}

const subscriptions = (action: 'subscribe' | 'revoke') =>
  [...Object.keys(APPLI), PROFILE].map((appli) => subscription(action, appli));

/** The body is a form, so it is read from the bytes. */
function notices({ rawBody }: PushRequest): Notice[] {
  const form = Object.fromEntries(new URLSearchParams(Buffer.from(rawBody).toString('utf8')));
  const subject = { providerUserId: String(form.userid) };
  if (form.appli === PROFILE) {
    const isGone = form.action === 'delete' || form.action === 'unlink';
    return [isGone ? { ...subject, revoked: true } : { ...subject, ignored: 'profile update' }];
  }
  const start = new Date(form.date ? `${form.date}T00:00:00Z` : Number(form.startdate) * 1000);
  const end = form.date ? new Date(start.getTime() + 86_400_000) : new Date(Number(form.enddate) * 1000);
  const changed = APPLI[form.appli ?? ''];
  if (!changed) return [{ ...subject, ignored: `appli ${form.appli}` }];
  return changed.map((name) => ({ ...subject, changed: name, window: { start, end } }));
}

const withings: Provider = {
  ...shipped,
  capabilities: ['poll', 'notify'],
  resources: {
    measures,
    activities: byDay('measure', 'getactivity', 'user.activity'),
    nights: byDay('sleep', 'getsummary', 'user.sleepevents'),
  },
  push: {
    scope: 'connection',
    subscribe: subscriptions('subscribe'),
    remove: subscriptions('revoke'),
    maxBytes: 65_536,
    answerWithin: 2,
    handshake: ({ method }) => (method === 'HEAD' ? { status: 200 } : undefined),
    verify: { kind: 'path' },
    notices,
    silentAfterHours: 24,
  },
  dataTypes: {
    body: {
      anchor: ['measures'],
      joins: [],
      group: (record, context) => measures.day(record, context),
      map: ({ measures: groups = [] }) => {
        const [first] = groups;
        if (!first) return [];
        const samples = groups.flatMap(({ date, timezone, measures: values }) => {
          const at = new Date(date * 1000);
          const weight = values.find(({ type }: WireRecord) => type === 1);
          if (!weight) return [];
          const time = formatInstant(at, zoneOffsetMinutes(timezone, at));
          return [{ measurement_time: time, weight_kg: weight.value * 10 ** weight.unit }];
        });
        const at = new Date(first.date * 1000);
        const day = localDay(at, zoneOffsetMinutes(first.timezone, at) ?? 0);
        return [{ key: day, day, body: { measurements_data: { measurements: samples } } }];
      },
    },
  },
};

export default withings;
