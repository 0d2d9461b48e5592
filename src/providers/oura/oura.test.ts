import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiResponse } from '../../core/http.ts';
import type { AuthContext, OAuth2Auth } from '../../core/provider.ts';
import { authorizeUrl, exchangeRequest, refreshRequest } from '../../oauth/oauth2.ts';
import { CLIENT, OTHER_CLIENT, openFarm, REDIRECT_URI, type TestFarm } from '../../sandbox/gate.fixture.ts';
import manifest from './manifest.ts';
import sandbox from './sandbox.ts';

const auth = manifest.auth as OAuth2Auth;
const names = auth.scopes.map(({ name }) => name);

let farm: TestFarm;

beforeEach(() => {
  farm = openFarm([sandbox]);
});

function context(changes: Partial<AuthContext> = {}): AuthContext {
  return {
    credentials: CLIENT,
    ask: {},
    redirectUri: REDIRECT_URI,
    callback: {},
    requested: names,
    results: {},
    memberId: 'member-1',
    now: farm.time.now.getTime() / 1000,
    ...changes,
  };
}

const answer = (status: number, json: unknown): ApiResponse => ({ status, headers: {}, body: new Uint8Array(), json });

/** Login up to the callback. */
async function callback(decision: 'allow' | 'deny' = 'allow', choice: { person?: string; scopes?: string[] } = {}) {
  const page = await farm.open(authorizeUrl(auth, context(), { state: 'state-1', codeChallenge: undefined }));
  const back = await farm.press(page, decision, choice);
  return Object.fromEntries(new URL(back.headers.location ?? '').searchParams);
}

async function exchange(changes: Partial<AuthContext>) {
  return farm.request(exchangeRequest(auth, context(changes), undefined));
}

/** Login up to the token, as the context that later steps see. */
async function connected(choice?: { person?: string; scopes?: string[] }): Promise<AuthContext> {
  const query = await callback('allow', choice);
  const response = await exchange({ callback: query });
  const token = response && auth.token(response);
  if (!token) throw new Error('no token');
  return context({ callback: query, token });
}

async function personalInfo(known: AuthContext) {
  const step = auth.afterToken?.[0];
  const request = step?.request(known);
  return request && farm.request(request, known.token?.accessToken);
}

async function refresh(known: AuthContext) {
  const request = refreshRequest(auth, known);
  return request && farm.request(request);
}

describe('connect', () => {
  test('a whole login says whose account it is, and what was granted', async () => {
    const known = await connected({ person: 'yuki-tanabe' });
    expect(known.token).toMatchObject({ expiresIn: 86_400, refreshToken: expect.any(String) });
    const info = await personalInfo(known);
    const { providerUserId, label } = auth.account({ ...known, results: { personal_info: info as ApiResponse } });
    expect(providerUserId).toMatch(/^[0-9a-f-]{36}$/);
    expect(label).toBe('yuki.tanabe@example.com');
    expect(auth.grantedScopes?.(known)).toEqual(names);
    expect(info?.json).toMatchObject({ age: 27, biological_sex: 'female', height: 1.59, weight: 51.7 });
  });

  test('a person is the same account in every login, and another person another', async () => {
    const id = async (person: string) => {
      const known = await connected({ person });
      return ((await personalInfo(known)) as ApiResponse & { json: { id: string } }).json.id;
    };
    expect(await id('tui-parata')).toBe(await id('tui-parata'));
    expect(await id('tui-parata')).not.toBe(await id('leila-haddad'));
  });

  test('scopes that were unticked are not granted', async () => {
    const known = await connected({ scopes: ['personal', 'daily'] });
    expect(auth.grantedScopes?.(known)).toEqual(['personal', 'daily']);
    const info = await personalInfo(known);
    expect(info?.json).toMatchObject({ email: null });
    expect(auth.account({ ...known, results: { personal_info: info as ApiResponse } }).label).toBeUndefined();
  });

  test('without the personal scope nobody says whose account it is', async () => {
    expect(await personalInfo(await connected({ scopes: ['daily'] }))).toMatchObject({ status: 403 });
    expect(auth.scopes.filter(({ required }) => required).map(({ name }) => name)).toEqual(['personal']);
  });

  test('a refusal comes back as access_denied', async () => {
    expect(await callback('deny')).toEqual({ kept: '1', error: 'access_denied', state: 'state-1' });
  });

  test('scopes that do not exist come back as invalid_scope, before anybody is asked', async () => {
    const url = authorizeUrl(auth, context({ requested: ['daily', 'dreams'] }), {
      state: 's',
      codeChallenge: undefined,
    });
    const back = await farm.open(url);
    expect(back.status).toBe(302);
    expect(new URL(back.headers.location ?? '').searchParams.get('error')).toBe('invalid_scope');
  });

  test('an unknown client gets no page', async () => {
    const url = authorizeUrl(auth, context({ credentials: { client_id: 'nobody' } }), {
      state: 's',
      codeChallenge: undefined,
    });
    expect((await farm.open(url)).status).toBe(400);
  });
});

describe('token', () => {
  test.each([
    ['a wrong secret', { credentials: { ...CLIENT, client_secret: 'wrong' } }, 401, 'invalid_client'],
    ['another redirect address', { redirectUri: 'https://app.example.com/else' }, 400, 'invalid_grant'],
    ['another client', { credentials: OTHER_CLIENT }, 400, 'invalid_grant'],
  ])('%s is refused', async (_what, changes, status, error) => {
    const response = await exchange({ callback: await callback(), ...changes });
    expect(response).toMatchObject({ status, json: { error } });
    expect(auth.token(response as ApiResponse)).toBeUndefined();
  });

  test('a code works once', async () => {
    const query = await callback();
    expect(await exchange({ callback: query })).toMatchObject({ status: 200 });
    expect(await exchange({ callback: query })).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  test('a code runs out', async () => {
    const query = await callback();
    farm.advance(600);
    expect(await exchange({ callback: query })).toMatchObject({ status: 400 });
  });

  test('an access token runs out after a day', async () => {
    const known = await connected();
    farm.advance(86_400);
    expect(await personalInfo(known)).toMatchObject({ status: 401 });
  });

  test('an unknown grant type is refused', async () => {
    const form = { grant_type: 'password', ...CLIENT };
    const response = await farm.request({ method: 'POST', url: auth.exchange.url, form, as: 'nobody' });
    expect(response).toMatchObject({ status: 400, json: { error: 'unsupported_grant_type' } });
  });
});

describe('refresh', () => {
  test('gives new tokens, and the old refresh token is dead at once', async () => {
    const known = await connected();
    const renewed = auth.token((await refresh(known)) as ApiResponse);
    expect(renewed?.accessToken).not.toBe(known.token?.accessToken);
    const repeated = (await refresh(known)) as ApiResponse;
    expect(repeated).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
    expect(auth.isDead(repeated)).toBe(true);
    expect(auth.grace ?? 0).toBe(0);
    expect(await refresh({ ...known, ...(renewed && { token: renewed }) })).toMatchObject({ status: 200 });
  });

  test('an answer lost after the token was used up ends the grant; lost before, it does not', async () => {
    const known = await connected();
    await farm.setSwitch('OURA', { kind: 'drop_token_answer', consumed: false, times: 1 });
    expect(await refresh(known)).toBeUndefined();
    const renewed = auth.token((await refresh(known)) as ApiResponse);
    const later = { ...known, ...(renewed && { token: renewed }) };
    await farm.setSwitch('OURA', { kind: 'drop_token_answer', consumed: true, times: 1 });
    expect(await refresh(later)).toBeUndefined();
    expect(auth.isDead((await refresh(later)) as ApiResponse)).toBe(true);
  });

  test.each([
    ['a wrong secret', answer(401, { error: 'invalid_client' })],
    ['too many requests', answer(429, { detail: 'Rate limit exceeded' })],
    ['a broken provider', answer(500, { error: 'invalid_grant' })],
    ['a page of a proxy', answer(400, undefined)],
  ])('%s does not end the grant', (_what, response) => {
    expect(auth.isDead(response)).toBe(false);
  });
});

describe('disconnect', () => {
  const revoke = async (known: AuthContext) => {
    const request = auth.revoke?.[0]?.request(known);
    return request && farm.request(request);
  };

  test('ends the access and the refresh token', async () => {
    const known = await connected();
    expect(await revoke(known)).toMatchObject({ status: 200 });
    expect(await personalInfo(known)).toMatchObject({ status: 401 });
    expect(auth.isDead((await refresh(known)) as ApiResponse)).toBe(true);
  });

  test('a token that nobody has is refused', async () => {
    const known = await connected();
    expect(await revoke({ ...known, token: { accessToken: 'made-up' } })).toMatchObject({ status: 401 });
  });
});

describe('failures', () => {
  test('too many requests and a broken server speak in the words of the API', async () => {
    const known = await connected();
    await farm.setSwitch('OURA', { kind: 'rate_limited', retryAfter: 12 });
    expect(await personalInfo(known)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '12' },
      json: { detail: expect.any(String) },
    });
    await farm.setSwitch('OURA', { kind: 'server_error' });
    expect(await personalInfo(known)).toMatchObject({ status: 500, json: { detail: expect.any(String) } });
  });

  test('a revoked grant is dead for data and refresh, until the switch is off', async () => {
    const known = await connected();
    await farm.setSwitch('OURA', { kind: 'revoked' });
    expect(await personalInfo(known)).toMatchObject({ status: 401 });
    await farm.setSwitch('OURA', null);
    expect(await personalInfo(known)).toMatchObject({ status: 200 });
  });

  test('an unknown path does not exist', async () => {
    expect(await farm.request({ url: 'https://api.ouraring.com/v1/sleep' })).toMatchObject({ status: 404 });
  });
});

describe('manifest', () => {
  test('granted scopes lose their prefix, wherever they stand', () => {
    const read = (changes: Partial<AuthContext>) => auth.grantedScopes?.(context(changes));
    expect(read({ callback: { scope: 'extapi:daily personal' } })).toEqual(['daily', 'personal']);
    expect(read({ token: { accessToken: 'a', scopes: ['workout'] } })).toEqual(['workout']);
    expect(read({ requested: ['tag'] })).toEqual(['tag']);
    expect(auth.token(answer(200, { access_token: 'a', scope: 'extapi:spo2' }))?.scopes).toEqual(['spo2']);
  });

  test('an answer without a token holds none', () => {
    expect(auth.token(answer(200, { access_token: '' }))).toBeUndefined();
    expect(auth.token(answer(200, undefined))).toBeUndefined();
  });

  test('an answer without an id names no account', () => {
    const results = { personal_info: answer(200, { age: 40 }) };
    expect(() => auth.account(context({ results }))).toThrow('personal_info names no account');
  });
});
