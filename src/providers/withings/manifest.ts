import type { ApiRequest, ApiResponse } from '../../core/http.ts';
import { type AuthContext, defineProvider, type Outcome, type Scope, type Token } from '../../core/provider.ts';
import { hmac } from '../../lib/hash.ts';
import { isWithingsNonce, isWithingsToken, readBody, readEnvelope } from './wire.ts';

const account = 'https://account.withings.com';
const api = 'https://wbsapi.withings.net';

/** A rising line on a scale's plate: our own drawing, not the company's mark. */
const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#0f5257"/>' +
  '<rect x="12" y="12" width="40" height="40" rx="9" fill="none" stroke="#e6f2ef" stroke-width="4"/>' +
  '<path d="M20 40l8-9 7 6 9-13" fill="none" stroke="#e6f2ef" stroke-width="4" stroke-linecap="round"/></svg>';

const scopes: Scope[] = [
  { name: 'user.info', dataTypes: ['athlete'] },
  { name: 'user.metrics', dataTypes: ['body'] },
  { name: 'user.activity', dataTypes: ['activity', 'daily'] },
  { name: 'user.sleepevents', dataTypes: ['sleep'] },
];

/** Authentication failed, whatever was asked (Withings response status table). */
const UNAUTHENTICATED = [100, 101, 102, 200, 401];
const TOO_MANY_REQUESTS = 601;
const TIMED_OUT = 522;
const INVALID_PARAMETER = 503;

/** The token endpoint answers only to `action=requesttoken`, on top of what RFC 6749 asks for. */
const tokenRequest = { url: `${api}/v2/oauth2`, params: () => ({ action: 'requesttoken' }) };

export default defineProvider({
  id: 'WITHINGS',
  name: 'Withings',
  domains: ['withings.com'],
  logo,
  capabilities: [],
  hosts: { account, api },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes,
    authorize: { url: `${account}/oauth2_user/authorize2`, scopeSeparator: ',' },
    exchange: tokenRequest,
    refresh: tokenRequest,
    token: readToken,
    account: ({ token }) => ({ providerUserId: token?.extra?.userid ?? '' }),
    // Access tokens live for three hours.
    refreshSkew: 900,
    // The old refresh token works for eight hours, or until the new access token is used (Withings token docs).
    grace: 8 * 3600,
    isDead,
    revoke: [
      { name: 'nonce', request: nonceRequest, outcome: envelopeOutcome },
      { name: 'revoke', request: revokeRequest, outcome: envelopeOutcome },
    ],
  },
  resources: {},
  dataTypes: {},
  limits: [{ scope: 'app', permits: 120, window: 60 }],
});

function readToken({ json }: ApiResponse): Token | undefined {
  const body = readBody(json);
  if (!isWithingsToken(body)) return undefined;
  const granted = body.scope?.split(',').map((scope) => scope.trim());
  return {
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    expiresIn: body.expires_in,
    ...(granted && { scopes: granted.filter((scope) => scope !== '') }),
    extra: { userid: String(body.userid) },
  };
}

/**
 * A dead refresh token is told apart from a wrong client secret only by the parameter that `error` names: both come as
 * 503 "invalid parameters", and a wrong secret must not end the grants of everybody.
 */
function isDead({ json }: ApiResponse): boolean {
  const envelope = readEnvelope(json);
  if (!envelope) return false;
  if (UNAUTHENTICATED.includes(envelope.status)) return true;
  return envelope.status === INVALID_PARAMETER && /\brefresh_token\b/.test(envelope.error ?? '');
}

/** First half of a signed call: a nonce that works once, within half an hour. */
function nonceRequest({ credentials, now }: AuthContext): ApiRequest {
  const form = { action: 'getnonce', client_id: credentials.client_id ?? '', timestamp: String(now) };
  return signed(`${api}/v2/signature`, form, credentials.client_secret ?? '');
}

function revokeRequest({ credentials, results, providerUserId, token }: AuthContext): ApiRequest | undefined {
  const nonce = readBody(results.nonce?.json);
  const userid = providerUserId ?? token?.extra?.userid;
  if (!isWithingsNonce(nonce) || userid === undefined) return undefined;
  const form = { action: 'revoke', client_id: credentials.client_id ?? '', nonce: nonce.nonce };
  const request = signed(`${api}/v2/oauth2`, form, credentials.client_secret ?? '');
  return { ...request, form: { ...request.form, userid } };
}

/** Signs the values in the alphabetical order of their names, joined by commas (Withings signature docs). */
function signed(url: string, form: Record<string, string>, secret: string): ApiRequest {
  const values = Object.keys(form)
    .sort()
    .map((name) => form[name]);
  const signature = hmac('sha256', secret, values.join(',')).toString('hex');
  return { method: 'POST', url, form: { ...form, signature }, as: 'nobody' };
}

function envelopeOutcome({ status, json }: ApiResponse): Outcome {
  const envelope = readEnvelope(json);
  if (!envelope) return status === 429 || status >= 500 ? 'retry' : 'give_up';
  if (envelope.status === 0) return 'ok';
  if (envelope.status === TOO_MANY_REQUESTS || envelope.status === TIMED_OUT) return 'retry';
  return UNAUTHENTICATED.includes(envelope.status) ? 'denied' : 'give_up';
}
