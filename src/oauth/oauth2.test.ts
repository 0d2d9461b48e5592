import { expect, test } from 'vitest';
import type { ApiResponse } from '../core/http.ts';
import type { AuthContext, OAuth2Auth } from '../core/provider.ts';
import { authorizeUrl, exchangeRequest, readCallbackError, readTokenError, refreshRequest } from './oauth2.ts';

const auth: OAuth2Auth = {
  kind: 'oauth2',
  scopes: [],
  authorize: { url: 'https://login.example.net/authorize?tenant=1' },
  exchange: { url: 'https://api.example.net/token' },
  refresh: { url: 'https://api.example.net/token' },
  token: () => undefined,
  account: () => ({ providerUserId: 'p' }),
  refreshSkew: 60,
  isDead: () => false,
};

const context: AuthContext = {
  credentials: { client_id: 'id', client_secret: 'sec ret' },
  ask: {},
  redirectUri: 'https://us.example/v2/auth/x/oauth2',
  callback: { code: 'c0de' },
  requested: ['daily', 'sleep'],
  results: {},
  memberId: 'm',
  now: 1,
};

test('the authorise page gets the standard parameters beside its own query', () => {
  const url = new URL(authorizeUrl(auth, context, { state: 'st', codeChallenge: undefined }));
  expect(url.origin + url.pathname).toBe('https://login.example.net/authorize');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: '1',
    response_type: 'code',
    client_id: 'id',
    redirect_uri: 'https://us.example/v2/auth/x/oauth2',
    scope: 'daily sleep',
    state: 'st',
  });
  expect(url.search).toContain('scope=daily%20sleep');
});

test('separator, challenge and own parameters come from the manifest', () => {
  const own: OAuth2Auth = {
    ...auth,
    authorize: {
      ...auth.authorize,
      scopeSeparator: ',',
      pkce: 'S256',
      params: () => ({ prompt: 'consent', response_type: undefined }),
    },
  };
  const url = new URL(authorizeUrl(own, context, { state: 'st', codeChallenge: 'ch' }));
  expect(url.searchParams.get('scope')).toBe('daily,sleep');
  expect(url.searchParams.get('code_challenge')).toBe('ch');
  expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  expect(url.searchParams.get('prompt')).toBe('consent');
  expect(url.searchParams.has('response_type')).toBe(false);
});

test('no scopes asked for means no scope parameter', () => {
  const url = new URL(authorizeUrl(auth, { ...context, requested: [] }, { state: 'st', codeChallenge: undefined }));
  expect(url.searchParams.has('scope')).toBe(false);
});

test('the exchange proves the client in the form by default', () => {
  expect(exchangeRequest(auth, context, 'ver')).toEqual({
    method: 'POST',
    url: 'https://api.example.net/token',
    headers: { accept: 'application/json' },
    form: {
      grant_type: 'authorization_code',
      code: 'c0de',
      redirect_uri: 'https://us.example/v2/auth/x/oauth2',
      code_verifier: 'ver',
      client_id: 'id',
      client_secret: 'sec ret',
    },
    as: 'nobody',
  });
});

test('with Basic authentication no secret stands in the form', () => {
  const basic: OAuth2Auth = { ...auth, exchange: { ...auth.exchange, clientAuth: 'basic' } };
  const request = exchangeRequest(basic, context, undefined);
  expect(request.as).toBe('basic');
  expect(request.form).not.toHaveProperty('client_secret');
  expect(request.form).not.toHaveProperty('client_id');
});

test('a public client names itself and sends no secret', () => {
  const none: OAuth2Auth = { ...auth, exchange: { ...auth.exchange, clientAuth: 'none' } };
  const request = exchangeRequest(none, context, undefined);
  expect(request.form).toMatchObject({ client_id: 'id' });
  expect(request.form).not.toHaveProperty('client_secret');
});

test('an enveloped token endpoint adds and removes fields', () => {
  const own: OAuth2Auth = {
    ...auth,
    exchange: { ...auth.exchange, params: () => ({ action: 'requesttoken', redirect_uri: undefined }) },
  };
  const { form } = exchangeRequest(own, context, undefined);
  expect(form).toMatchObject({ action: 'requesttoken' });
  expect(form).not.toHaveProperty('redirect_uri');
});

test('a refresh sends the refresh token, and there is none without one', () => {
  const token = { accessToken: 'a', refreshToken: 'r' };
  expect(refreshRequest(auth, { ...context, token })?.form).toMatchObject({
    grant_type: 'refresh_token',
    refresh_token: 'r',
  });
  expect(refreshRequest(auth, { ...context, token: { accessToken: 'a' } })).toBeUndefined();
  expect(refreshRequest({ ...auth, refresh: undefined }, { ...context, token })).toBeUndefined();
});

test('errors of the token endpoint are read as short names only', () => {
  const answer = (json: unknown): ApiResponse => ({ status: 400, headers: {}, body: Buffer.alloc(0), json });
  expect(readTokenError(answer({ error: 'invalid_grant', error_description: 'x' }))).toBe('invalid_grant');
  expect(readTokenError(answer({ error: 'a b <script>' }))).toBeUndefined();
  expect(readTokenError(answer({ error: { code: 1 } }))).toBeUndefined();
  expect(readTokenError(answer(undefined))).toBeUndefined();
});

test('errors of the callback become reasons, whatever their spelling', () => {
  expect(readCallbackError({ error: 'access_denied' })).toBe('access_denied');
  expect(readCallbackError({ error: 'nope nope' })).toBe('access_denied');
  expect(readCallbackError({ denied: 'token' })).toBe('access_denied');
  expect(readCallbackError({ code: 'c' })).toBeUndefined();
});
