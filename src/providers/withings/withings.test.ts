import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiRequest, ApiResponse } from '../../core/http.ts';
import type { AuthContext, OAuth2Auth, Token } from '../../core/provider.ts';
import { hmac } from '../../lib/hash.ts';
import { authorizeUrl, exchangeRequest, refreshRequest } from '../../oauth/oauth2.ts';
import { CLIENT, OTHER_CLIENT, openFarm, REDIRECT_URI, type TestFarm } from '../../sandbox/gate.fixture.ts';
import manifest from './manifest.ts';
import sandbox from './sandbox.ts';

const auth = manifest.auth as OAuth2Auth;
const names = auth.scopes.map(({ name }) => name);
const HOUR = 3600;

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

const answer = (json: unknown, status = 200): ApiResponse => ({ status, headers: {}, body: new Uint8Array(), json });

async function callback(decision: 'allow' | 'deny' = 'allow', choice: { person?: string; scopes?: string[] } = {}) {
  const page = await farm.open(authorizeUrl(auth, context(), { state: 'state-1', codeChallenge: undefined }));
  const back = await farm.press(page, decision, choice);
  return Object.fromEntries(new URL(back.headers.location ?? '').searchParams);
}

const exchange = (changes: Partial<AuthContext>) => farm.request(exchangeRequest(auth, context(changes), undefined));

async function connected(choice?: { person?: string; scopes?: string[] }): Promise<AuthContext & { token: Token }> {
  const query = await callback('allow', choice);
  const response = await exchange({ callback: query });
  const token = response && auth.token(response);
  if (!token) throw new Error('no token');
  return { ...context({ callback: query }), token };
}

async function refresh(known: AuthContext): Promise<ApiResponse | undefined> {
  const request = refreshRequest(auth, known);
  return request && farm.request(request);
}

async function renewed(known: AuthContext): Promise<AuthContext & { token: Token }> {
  const token = auth.token((await refresh(known)) as ApiResponse);
  if (!token) throw new Error('no token');
  return { ...known, token };
}

const devices = (known: AuthContext) =>
  farm.request(
    { method: 'POST', url: 'https://wbsapi.withings.net/v2/user', form: { action: 'getdevice' } },
    known.token?.accessToken,
  );

describe('connect', () => {
  test('a whole login says whose account it is in the token answer', async () => {
    const known = await connected({ person: 'mateo-quispe' });
    expect(known.token).toMatchObject({ expiresIn: 3 * HOUR, scopes: names });
    expect(auth.account(known).providerUserId).toMatch(/^\d{8}$/);
    expect(await devices(known)).toMatchObject({ json: { status: 0 } });
  });

  test('a person is the same account in every login, and another person another', async () => {
    const id = async (person: string) => auth.account(await connected({ person })).providerUserId;
    expect(await id('rohan-mehta')).toBe(await id('rohan-mehta'));
    expect(await id('rohan-mehta')).not.toBe(await id('sanne-de-wit'));
  });

  test('scopes are asked for with commas, and what was unticked is not granted', async () => {
    const url = authorizeUrl(auth, context(), { state: 's', codeChallenge: undefined });
    expect(new URL(url).searchParams.get('scope')).toBe(names.join(','));
    const known = await connected({ scopes: ['user.metrics'] });
    expect(known.token.scopes).toEqual(['user.metrics']);
    expect(await devices(known)).toMatchObject({ status: 200, json: { status: 277 } });
  });

  test('a refusal comes back as access_denied', async () => {
    expect(await callback('deny')).toEqual({ kept: '1', error: 'access_denied', state: 'state-1' });
  });

  test.each([
    ['an unknown client', { credentials: { client_id: 'nobody' } }],
    ['an unknown scope', { requested: ['user.dreams'] }],
    ['no scope', { requested: [] }],
  ])('%s gets no page', async (_what, changes) => {
    const url = authorizeUrl(auth, context(changes), { state: 's', codeChallenge: undefined });
    expect((await farm.open(url)).status).toBe(400);
  });
});

describe('token', () => {
  test.each([
    ['a wrong secret', { credentials: { ...CLIENT, client_secret: 'wrong' } }, /client/],
    ['another redirect address', { redirectUri: 'https://app.example.com/else' }, /code/],
    ['another client', { credentials: OTHER_CLIENT }, /code/],
  ])('%s is refused inside the envelope', async (_what, changes, error) => {
    const response = await exchange({ callback: await callback(), ...changes });
    expect(response).toMatchObject({ status: 200, json: { status: 503, error: expect.stringMatching(error) } });
    expect(auth.token(response as ApiResponse)).toBeUndefined();
  });

  test('a code works once', async () => {
    const query = await callback();
    expect(await exchange({ callback: query })).toMatchObject({ json: { status: 0 } });
    expect(await exchange({ callback: query })).toMatchObject({ json: { status: 503 } });
  });

  test('a code lives for thirty seconds', async () => {
    const query = await callback();
    farm.advance(29);
    expect(await exchange({ callback: query })).toMatchObject({ json: { status: 0 } });
    const late = await callback();
    farm.advance(30);
    expect(await exchange({ callback: late })).toMatchObject({ json: { status: 503 } });
  });

  test('the action is what the endpoint goes by', async () => {
    const form = { grant_type: 'authorization_code', ...CLIENT };
    const response = await farm.request({ method: 'POST', url: auth.exchange.url, form, as: 'nobody' });
    expect(response).toMatchObject({ status: 200, json: { status: 2554 } });
  });

  test('an access token runs out after three hours', async () => {
    const known = await connected();
    farm.advance(3 * HOUR);
    expect(await devices(known)).toMatchObject({ status: 200, json: { status: 401 } });
  });
});

describe('refresh', () => {
  test('the old refresh token may be repeated while nobody used the new access token', async () => {
    const known = await connected();
    await renewed(known);
    farm.advance(7 * HOUR);
    expect(await refresh(known)).toMatchObject({ json: { status: 0 } });
    expect(auth.grace).toBe(8 * HOUR);
  });

  test('it dies when the new access token is used, or after eight hours', async () => {
    const known = await connected();
    const next = await renewed(known);
    await devices(next);
    expect(auth.isDead((await refresh(known)) as ApiResponse)).toBe(true);
    const last = await renewed(next);
    farm.advance(8 * HOUR);
    expect(auth.isDead((await refresh(next)) as ApiResponse)).toBe(true);
    expect(await refresh(last)).toMatchObject({ json: { status: 0 } });
  });

  test('an answer that got lost on the way can be asked for again', async () => {
    const known = await connected();
    await farm.setSwitch('WITHINGS', { kind: 'drop_token_answer', consumed: true, times: 1 });
    expect(await refresh(known)).toBeUndefined();
    expect(await refresh(known)).toMatchObject({ json: { status: 0 } });
  });

  test('a dropped request changes nothing', async () => {
    const known = await connected();
    await farm.setSwitch('WITHINGS', { kind: 'drop_token_answer', consumed: false, times: 2 });
    expect(await refresh(known)).toBeUndefined();
    expect(await refresh(known)).toBeUndefined();
    expect(await refresh(known)).toMatchObject({ json: { status: 0 } });
  });

  test('a wrong client secret ends nobody’s grant', async () => {
    const known = await connected();
    const response = await refresh({ ...known, credentials: { ...CLIENT, client_secret: 'rotated' } });
    expect(response).toMatchObject({ json: { status: 503 } });
    expect(auth.isDead(response as ApiResponse)).toBe(false);
  });

  test.each([
    ['an authentication failure', answer({ status: 100 }), true],
    ['an authentication failure by its HTTP-like number', answer({ status: 401, error: 'x' }), true],
    ['too many requests', answer({ status: 601, error: 'Too Many Requests' }), false],
    ['a timeout', answer({ status: 522 }), false],
    ['success', answer({ status: 0, body: {} }), false],
    ['a page of a proxy', answer(undefined, 502), false],
    ['an error without an envelope', answer({ error: 'refresh_token' }, 401), false],
  ])('%s: dead is told apart', (_what, response, isDead) => {
    expect(auth.isDead(response)).toBe(isDead);
  });
});

describe('disconnect', () => {
  /** Runs the steps in order as the engine does; answers each outcome. */
  async function revoke(known: AuthContext): Promise<string[]> {
    const outcomes: string[] = [];
    let results = known.results;
    for (const step of auth.revoke ?? []) {
      const request = step.request({ ...known, results });
      const response = request && (await farm.request(request));
      if (!response) break;
      outcomes.push(step.outcome?.(response) ?? 'none');
      results = { ...results, [step.name]: response };
    }
    return outcomes;
  }

  test('a nonce, then the signed revoke: both tokens are dead', async () => {
    const known = await connected();
    const { providerUserId } = auth.account(known);
    expect(await revoke({ ...known, providerUserId })).toEqual(['ok', 'ok']);
    expect(await devices(known)).toMatchObject({ json: { status: 401 } });
    expect(auth.isDead((await refresh(known)) as ApiResponse)).toBe(true);
  });

  test('it ends every login of the person at this client, and nobody else’s', async () => {
    const [first, second, other] = [await connected(), await connected(), await connected({ person: 'tui-parata' })];
    await revoke({ ...first, providerUserId: auth.account(first).providerUserId });
    expect(await devices(second)).toMatchObject({ json: { status: 401 } });
    expect(await devices(other)).toMatchObject({ json: { status: 0 } });
  });

  test('a wrong secret signs nothing', async () => {
    const known = await connected();
    expect(await revoke({ ...known, credentials: { ...CLIENT, client_secret: 'wrong' } })).toEqual(['give_up']);
    expect(await devices(known)).toMatchObject({ json: { status: 0 } });
  });

  test('a nonce works once, for its own client, for half an hour', async () => {
    const known = await connected();
    const nonce = async () => {
      const response = await farm.request(auth.revoke?.[0]?.request(known) as ApiRequest);
      return (response as ApiResponse & { json: { body: { nonce: string } } }).json.body.nonce;
    };
    const userid = auth.account(known).providerUserId;
    const revokeWith = async (value: string, client = CLIENT) => {
      const values = ['revoke', client.client_id, value].join(',');
      const signature = hmac('sha256', client.client_secret, values).toString('hex');
      const form = { action: 'revoke', client_id: client.client_id, nonce: value, signature, userid };
      const url = 'https://wbsapi.withings.net/v2/oauth2';
      return (await farm.request({ method: 'POST', url, form, as: 'nobody' }))?.json;
    };
    const used = await nonce();
    expect(await revokeWith(used)).toMatchObject({ status: 0 });
    expect(await revokeWith(used)).toMatchObject({ status: 503, error: expect.stringContaining('nonce') });
    expect(await revokeWith(await nonce(), OTHER_CLIENT)).toMatchObject({ status: 503 });
    const old = await nonce();
    farm.advance(1800);
    expect(await revokeWith(old)).toMatchObject({ status: 503 });
  });

  test('the signature covers the values in the order of their names', () => {
    const credentials = { client_id: 'app-7', client_secret: 'quiet' };
    const request = auth.revoke?.[0]?.request(context({ credentials, now: 1_700_000_001 }));
    expect(request?.form).toEqual({
      action: 'getnonce',
      client_id: 'app-7',
      timestamp: '1700000001',
      signature: hmac('sha256', 'quiet', 'getnonce,app-7,1700000001').toString('hex'),
    });
    expect(request?.as).toBe('nobody');
  });

  test('without a nonce nothing is revoked', () => {
    const results = { nonce: answer({ status: 503, error: 'x' }) };
    expect(auth.revoke?.[1]?.request(context({ results, providerUserId: '1' }))).toBeUndefined();
  });

  test.each([
    [answer({ status: 601 }), 'retry'],
    [answer({ status: 401 }), 'denied'],
    [answer({ status: 503 }), 'give_up'],
    [answer(undefined, 502), 'retry'],
    [answer(undefined, 404), 'give_up'],
  ])('outcome %#', (response, outcome) => {
    expect(auth.revoke?.[1]?.outcome?.(response)).toBe(outcome);
  });
});

describe('failures', () => {
  test.each([
    [{ kind: 'rate_limited', retryAfter: 5 }, 601],
    [{ kind: 'server_error' }, 522],
  ])('%j is told inside the envelope', async (failure, status) => {
    const known = await connected();
    await farm.setSwitch('WITHINGS', failure);
    expect(await devices(known)).toMatchObject({ status: 200, json: { status } });
  });

  test('a revoked grant is dead for data and refresh', async () => {
    const known = await connected();
    await farm.setSwitch('WITHINGS', { kind: 'revoked' });
    expect(await devices(known)).toMatchObject({ json: { status: 401 } });
    expect(auth.isDead((await refresh(known)) as ApiResponse)).toBe(true);
  });

  test.each(['https://wbsapi.withings.net/v3/user', 'https://account.withings.com/login'])(
    '%s does not exist',
    async (url) => {
      expect(await farm.request({ url })).toMatchObject({ status: 404 });
    },
  );
});

test('a user id may come as a number or as text', () => {
  const body = { access_token: 'a', refresh_token: 'r', expires_in: 10_800 };
  const read = (userid: unknown) => auth.token(answer({ status: 0, body: { ...body, userid } }));
  expect(read(417)?.extra).toEqual({ userid: '417' });
  expect(read('417')?.extra).toEqual({ userid: '417' });
  expect(read(undefined)).toBeUndefined();
});
