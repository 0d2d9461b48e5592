import { DATA_TYPES } from '../core/data-type.ts';
import type { Field } from '../core/field.ts';
import type {
  CredentialsAuth,
  DataTypeMap,
  Limit,
  NoAuth,
  OAuth1Auth,
  OAuth2Auth,
  Provider,
  Push,
  Resource,
  Scope,
  ServiceAccount,
  Step,
  SubscriptionStep,
  TokenRequest,
  Verify,
} from '../core/provider.ts';
import type { SandboxProvider } from '../core/sandbox.ts';
import {
  byKind,
  type Check,
  either,
  flag,
  fn,
  httpsOrigin,
  httpsUrl,
  list,
  matching,
  number,
  oneOf,
  optional,
  record,
  shape,
  text,
} from './shape.ts';

const code = matching(/^[A-Z][A-Z0-9_]*$/, 'capital letters, digits and _, beginning with a letter');
const name = matching(/^[A-Za-z_][A-Za-z0-9_.:-]*$/, 'a plain name');
const domain = matching(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a domain in small letters');
/** Our pages show it, so it may not bring scripts or addresses of others along. */
const logo: Check = (value, path) => {
  if (typeof value !== 'string' || !/^<svg[\s>]/.test(value.trim())) return [`${path}: has to be the text of an SVG`];
  if (value.length > 32_768) return [`${path}: has to be shorter than 32 KiB`];
  const active =
    /<(script|foreignObject|iframe|image|use|style)\b|\son\w+\s*=|javascript:|(href|src)\s*=|url\(\s*['"]?(?!#)/i;
  return active.test(value) ? [`${path}: may not hold scripts, styles, event handlers or references`] : [];
};

const pattern: Check = (value, path) => {
  if (typeof value !== 'string') return [`${path}: has to be a regular expression`];
  try {
    new RegExp(value);
    return [];
  } catch {
    return [`${path}: is not a regular expression`];
  }
};

const field = shape<Field>({
  name,
  label: text,
  kind: optional(oneOf(['text', 'secret', 'url', 'number', 'boolean', 'choice', 'email', 'password'])),
  required: optional(flag),
  help: optional(text),
  pattern: optional(pattern),
  choices: optional(list(shape<{ value: string; label: string }>({ value: text, label: text }), 1)),
  default: optional(either(matching(/^/, 'a text, a number, or true or false'), either(number(-Infinity), flag))),
});

const step = shape<Step>({ name, request: fn, outcome: optional(fn) });

const subscriptionStep = shape<SubscriptionStep>({ name, request: fn, read: optional(fn), outcome: optional(fn) });

const tokenRequest = shape<TokenRequest>({
  url: httpsUrl,
  clientAuth: optional(oneOf(['body', 'basic', 'none'])),
  params: optional(fn),
  headers: optional(record(text)),
});

const scope = shape<Scope>({
  name: matching(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope without blanks'),
  required: optional(flag),
  default: optional(flag),
  dataTypes: list(oneOf(DATA_TYPES)),
});

const grantMembers = {
  scopes: list(scope),
  token: fn,
  afterToken: optional(list(step)),
  account: fn,
  grantedScopes: optional(fn),
  zone: optional(fn),
  refreshSkew: number(0),
  grace: optional(number(0)),
  isDead: fn,
  revoke: optional(list(step)),
};

const noAuth = shape<NoAuth>({ kind: text });

const url = shape<{ url: string }>({ url: httpsUrl });
const request = shape<{ request: unknown }>({ request: fn });

const auth = byKind({
  none: noAuth,
  sdk: noAuth,
  oauth2: shape<OAuth2Auth>({
    ...grantMembers,
    kind: text,
    authorize: shape<OAuth2Auth['authorize']>({
      url: httpsUrl,
      scopeSeparator: optional(oneOf([' ', ','])),
      pkce: optional(oneOf(['S256'])),
      params: optional(fn),
    }),
    exchange: tokenRequest,
    refresh: optional(tokenRequest),
  }),
  oauth1: shape<OAuth1Auth>({
    ...grantMembers,
    kind: text,
    requestToken: url,
    authorize: url,
    exchange: url,
    signature: oneOf(['HMAC-SHA1', 'HMAC-SHA256']),
  }),
  credentials: shape<CredentialsAuth>({ ...grantMembers, kind: text, exchange: request, refresh: optional(request) }),
});

const resource = shape<Resource>({
  kind: oneOf(['record', 'series', 'snapshot']),
  scope: optional(text),
  requests: fn,
  byId: optional(fn),
  next: optional(fn),
  records: fn,
  identity: fn,
  version: optional(fn),
  day: fn,
  deleted: optional(fn),
  unusable: optional(fn),
  expand: optional(fn),
  window: shape<Resource['window']>({
    maxDays: number(1),
    filterOn: oneOf(['start', 'end', 'upload']),
    overlapDays: number(0),
  }),
  backfill: optional(shape<NonNullable<Resource['backfill']>>({ requests: fn, maxDays: number(1) })),
  outcome: optional(fn),
  decode: optional(oneOf(['fit', 'tcx', 'gpx'])),
});

const yes = oneOf([true]);
const fromCredential = shape<{ credential: string }>({ credential: name });
const fromSubscription = shape<{ subscription: true }>({ subscription: yes });
const secretSource = either(fromCredential, fromSubscription);
const header = matching(/^[a-z0-9-]+$/, 'the name of a header in small letters');

type Hmac = Extract<Verify, { kind: 'hmac' }>;

const verify = byKind({
  hmac: shape<Hmac>({
    kind: text,
    algorithm: oneOf(['sha1', 'sha256', 'sha512']),
    encoding: oneOf(['hex', 'base64']),
    header,
    secret: secretSource,
    message: optional(fn),
    timestamp: optional(
      shape<NonNullable<Hmac['timestamp']>>({ header, unit: oneOf(['s', 'ms']), tolerance: number(1) }),
    ),
  }),
  header: shape<Extract<Verify, { kind: 'header' }>>({
    kind: text,
    header,
    equals: either(secretSource, shape<{ verifyToken: true }>({ verifyToken: yes })),
  }),
  es256: shape<Extract<Verify, { kind: 'es256' }>>({ kind: text, header, publicKey: text }),
  path: shape<Extract<Verify, { kind: 'path' }>>({ kind: text }),
});

const push = shape<Push>({
  scope: oneOf(['app', 'connection', 'manual']),
  subscribe: optional(list(subscriptionStep)),
  renew: optional(list(subscriptionStep)),
  remove: optional(list(subscriptionStep)),
  maxBytes: number(1),
  answerWithin: number(0.1),
  handshake: optional(fn),
  verify,
  verifyAlso: optional(list(verify)),
  notices: fn,
  silentAfterHours: number(1),
});

const dataType = shape<DataTypeMap>({
  anchor: list(text, 1),
  joins: list(shape<DataTypeMap['joins'][number]>({ resource: text, on: oneOf(['id', 'day', 'interval']) })),
  group: fn,
  map: fn,
});

const limit = shape<Limit>({
  scope: oneOf(['app', 'account']),
  permits: either(number(1), fn),
  window: number(1),
  aligned: optional(flag),
  cost: optional(fn),
});

/** Every field of a manifest and what it has to be, apart from how the fields hang together. */
export const manifestShape = shape<Provider>({
  id: code,
  name: text,
  domains: list(domain),
  logo: optional(logo),
  aliases: optional(list(code)),
  extends: optional(code),
  capabilities: list(oneOf(['poll', 'notify', 'push', 'sdk', 'file', 'write'])),
  hosts: record(httpsOrigin),
  credentials: list(field),
  ask: optional(list(field)),
  auth,
  service: optional(
    shape<ServiceAccount>({
      tokenUrl: httpsUrl,
      scopes: list(text),
      algorithm: oneOf(['RS256', 'ES256']),
      issuer: name,
      privateKey: name,
      keyId: optional(name),
    }),
  ),
  resources: optional(record(resource)),
  push: optional(push),
  dataTypes: shape<Required<Provider['dataTypes']>>(
    Object.fromEntries(DATA_TYPES.map((type) => [type, optional(dataType)])) as Record<
      (typeof DATA_TYPES)[number],
      Check
    >,
  ),
  limits: list(limit),
});

export const sandboxShape = shape<SandboxProvider>({
  id: code,
  hosts: list(httpsOrigin, 1),
  extraCredentials: optional(list(name)),
  handle: fn,
  failed: optional(fn),
  decide: fn,
});
