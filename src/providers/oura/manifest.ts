import type { ApiResponse } from '../../core/http.ts';
import { type AuthContext, defineProvider, type Scope, type Token } from '../../core/provider.ts';
import { isOuraPersonalInfo, isOuraToken, isOuraTokenError } from './wire.ts';

const cloud = 'https://cloud.ouraring.com';
const api = 'https://api.ouraring.com';

/** A plain ring on a dark ground: our own drawing, not the company's mark. */
const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#2b2f38"/>' +
  '<circle cx="32" cy="34" r="15" fill="none" stroke="#e9e4da" stroke-width="6"/>' +
  '<path d="M26 12h12" stroke="#e9e4da" stroke-width="4" stroke-linecap="round"/></svg>';

const scopes: Scope[] = [
  // The only way to learn whose account it is.
  { name: 'personal', required: true, dataTypes: ['athlete', 'body'] },
  { name: 'email', dataTypes: ['athlete'] },
  { name: 'daily', dataTypes: ['daily', 'sleep'] },
  { name: 'heartrate', dataTypes: ['activity', 'daily'] },
  { name: 'workout', dataTypes: ['activity'] },
  { name: 'session', dataTypes: ['activity', 'sleep'] },
  { name: 'tag', dataTypes: ['daily'] },
  { name: 'spo2', dataTypes: ['daily', 'sleep'] },
  { name: 'stress', dataTypes: ['daily'] },
  { name: 'heart_health', dataTypes: ['body', 'daily'] },
  { name: 'ring_configuration', dataTypes: [] },
];

export default defineProvider({
  id: 'OURA',
  name: 'Oura',
  domains: ['ouraring.com'],
  logo,
  capabilities: [],
  hosts: { cloud, api },
  credentials: [
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: {
    kind: 'oauth2',
    scopes,
    authorize: { url: `${cloud}/oauth/authorize` },
    exchange: { url: `${api}/oauth/token` },
    refresh: { url: `${api}/oauth/token` },
    token: readToken,
    afterToken: [{ name: 'personal_info', request: () => ({ url: `${api}/v2/usercollection/personal_info` }) }],
    account: readAccount,
    grantedScopes,
    // Access tokens live for a day; an hour leaves room for the retries of a provider that is down.
    refreshSkew: 3600,
    isDead: ({ status, json }) =>
      (status === 400 || status === 401) && isOuraTokenError(json) && json.error === 'invalid_grant',
    revoke: [
      {
        name: 'revoke',
        request: ({ token }) =>
          token && {
            method: 'POST',
            url: `${api}/oauth/revoke`,
            query: { access_token: token.accessToken },
            as: 'nobody',
          },
      },
    ],
  },
  resources: {},
  dataTypes: {},
  // Oura API documentation: 5000 requests in five minutes for each access token.
  limits: [{ scope: 'account', permits: 5000, window: 300 }],
});

function readToken({ json }: ApiResponse): Token | undefined {
  if (!isOuraToken(json)) return undefined;
  const scopeNames = readScopes(json.scope);
  return {
    accessToken: json.access_token,
    ...(json.refresh_token !== undefined && { refreshToken: json.refresh_token }),
    ...(json.expires_in !== undefined && { expiresIn: json.expires_in }),
    ...(scopeNames && { scopes: scopeNames }),
  };
}

function readAccount({ results }: AuthContext): { providerUserId: string; label?: string } {
  const info = results.personal_info?.json;
  if (!isOuraPersonalInfo(info)) throw new Error('personal_info names no account');
  return { providerUserId: info.id, ...(info.email && { label: info.email }) };
}

/** What the person ticked stands in the callback; the token answer mostly leaves it out. */
function grantedScopes({ callback, token, requested }: AuthContext): string[] {
  return readScopes(callback.scope) ?? token?.scopes ?? requested;
}

/** Granted names come back with a prefix that the names asked for do not have. */
function readScopes(text: string | undefined): string[] | undefined {
  const names = text?.split(/\s+/).filter((name) => name !== '');
  return names?.length ? names.map((name) => name.replace(/^extapi:/, '')) : undefined;
}
