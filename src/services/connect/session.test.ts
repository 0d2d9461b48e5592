import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type BenchOptions,
  browser,
  type ConnectBench,
  connectBench,
  connectPerson,
  PUBLIC_URL,
} from '../../../test/harness/connect-bench.ts';
import { testProvider } from '../../../test/harness/oauth-provider.ts';
import { type TestStore, testStore } from '../../../test/harness/store.ts';

const beta = { ...testProvider, id: 'BETA', name: 'Beta Scale', aliases: [] };
const phone = { ...testProvider, id: 'PHONE', name: 'Phone', aliases: [], auth: { kind: 'sdk' as const } };
const files = { ...testProvider, id: 'FILES', name: 'Files', aliases: [], auth: { kind: 'none' as const } };
const all = [testProvider, beta, phone, files];

const open: ConnectBench[] = [];
let shared: TestStore;

beforeAll(async () => {
  shared = await testStore();
});

afterAll(() => shared.close());

async function bench(options?: BenchOptions): Promise<ConnectBench> {
  const made = await connectBench({ store: shared.store, providers: all, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function codesOf(b: ConnectBench, sessionId: string): Promise<string[] | undefined> {
  return (await b.connect.view(sessionId))?.providers.map((provider) => provider.code);
}

test('a session lasts 900 s and offers what is enabled, in code order, without files', async () => {
  const b = await bench();
  const made = await b.connect.createSession(b.environment, {});
  expect(made).toEqual({ sessionId: made.sessionId, url: `${PUBLIC_URL}/session/${made.sessionId}`, expiresIn: 900 });
  expect(await codesOf(b, made.sessionId)).toEqual(['ACME', 'BETA', 'PHONE']);
  await b.store.providerChoices.setEnabled(b.environment.id, 'ACME', false);
  expect(await b.connect.view(made.sessionId)).toMatchObject({
    state: 'open',
    app: { name: 'Bench' },
    providers: [
      { code: 'BETA', name: 'Beta Scale', kind: 'oauth', simulated: true },
      { code: 'PHONE', kind: 'sdk', simulated: false },
    ],
  });
});

test('providers narrow the offer in any case, and an unknown one is named', async () => {
  const b = await bench();
  const { sessionId } = await b.connect.createSession(b.environment, { providers: [' beta', 'AcmeRing'] });
  expect(await codesOf(b, sessionId)).toEqual(['ACME', 'BETA']);
  const rest = await b.connect.createSession(b.environment, { disallowedProviders: ['acme'] });
  expect(await codesOf(b, rest.sessionId)).toEqual(['BETA', 'PHONE']);
  await expect(b.connect.createSession(b.environment, { providers: ['ACME', 'nope'] })).rejects.toMatchObject({
    code: 'bad_request',
    field: 'providers',
  });
});

test('what cannot be connected is not offered', async () => {
  const b = await bench({ kind: 'production' });
  const { sessionId } = await b.connect.createSession(b.environment, {});
  expect(await codesOf(b, sessionId)).toEqual(['PHONE']);
});

test('an unsafe redirect is refused', async () => {
  const b = await bench();
  await expect(b.connect.createSession(b.environment, { successUrl: ' JavaScript:1' })).rejects.toMatchObject({
    code: 'redirect_refused',
  });
});

test('there is no view of what is no session', async () => {
  const b = await bench();
  expect(await b.connect.view('nope')).toBeUndefined();
  expect(await b.connect.view('6f6c8a52-0b7e-4d0a-9c1e-5a1d5e3b2c74')).toBeUndefined();
});

describe('choosing', () => {
  test('a login makes an attempt that completes the session', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, {
      referenceId: 'ref',
      successUrl: 'myapp://done',
      language: 'fr',
    });
    const web = browser(b);
    const end = await web.login(web.take(await b.connect.choose(sessionId, 'acme')), 'ann');
    const view = await b.connect.view(sessionId);
    const userId = view?.completed?.userId;
    expect(end).toBe(`myapp://done?user_id=${userId}&reference_id=ref&resource=ACME`);
    expect(view).toMatchObject({ state: 'completed', language: 'fr', completed: { provider: 'ACME' } });
    expect(await b.events()).toMatchObject([{ type: 'auth', widget_session_id: sessionId, user: { user_id: userId } }]);
    expect(web.take(await b.connect.choose(sessionId, 'beta'))).toBe(
      `${PUBLIC_URL}/session/${sessionId}/success?user_id=${userId}&reference_id=ref&resource=ACME`,
    );
  });

  test('an on-device provider goes back to the app without user and event', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, {
      referenceId: 'r',
      successUrl: 'myapp://ok?a=1',
    });
    expect(browser(b).take(await b.connect.choose(sessionId, 'PHONE'))).toBe(
      'myapp://ok?a=1&user_id=null&reference_id=r&resource=PHONE',
    );
    expect(await b.connect.view(sessionId)).toMatchObject({
      state: 'completed',
      completed: { userId: undefined, provider: 'PHONE' },
    });
    expect(await b.events()).toEqual([]);
  });

  test('after a denial another attempt can be made', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, {});
    const web = browser(b);
    const page = await web.open(web.take(await b.connect.choose(sessionId, 'ACME')));
    const { state = '' } = b.provider.login(page, 'ann');
    expect(web.take(await web.callback({ error: 'access_denied', state }))).toContain(`/session/${sessionId}/failure?`);
    expect(await b.connect.view(sessionId)).toMatchObject({ state: 'open' });
    expect(await web.login(web.take(await b.connect.choose(sessionId, 'ACME')), 'ann')).toContain('/success?');
  });

  test('what is not offered is refused', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, { providers: ['ACME', 'PHONE'] });
    await expect(b.connect.choose(sessionId, 'BETA')).rejects.toMatchObject({ code: 'provider_not_enabled' });
    await expect(b.connect.choose(sessionId, 'NOPE')).rejects.toMatchObject({ code: 'provider_not_found' });
    await expect(b.connect.choose('nope', 'ACME')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a link that ran out sends the browser to the failure page', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, {
      failureUrl: 'myapp://no',
      providers: ['acme'],
    });
    b.clock.advance(900_000);
    const expired = 'myapp://no?user_id=null&resource=ACME&reason=session_expired';
    expect(await b.connect.view(sessionId)).toMatchObject({ state: 'expired', failureRedirect: expired });
    expect(browser(b).take(await b.connect.choose(sessionId, 'ACME'))).toBe(expired);
  });

  test('a full environment is said before the login', async () => {
    const b = await bench({ settings: { user_limit: 1 } });
    const before = await b.connect.createSession(b.environment, { providers: ['ACME'], failureUrl: 'myapp://no' });
    await connectPerson(b, 'ann', { referenceId: 'one' });
    const full = 'myapp://no?user_id=null&resource=ACME&reason=user_limit_reached';
    expect(await b.connect.view(before.sessionId)).toMatchObject({ state: 'user_limit', failureRedirect: full });
    expect(browser(b).take(await b.connect.choose(before.sessionId, 'ACME'))).toBe(full);
    const again = await b.connect.createSession(b.environment, { referenceId: 'one' });
    expect(await b.connect.view(again.sessionId)).toMatchObject({ state: 'open' });
  });
});

describe('a session of one provider', () => {
  test('names the attempt that was made with it, and looking changes nothing', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, { providers: ['acme'] });
    const view = await b.connect.view(sessionId);
    const flowId = view?.single?.flowId ?? '';
    const flow = await b.store.flows.lookup(flowId);
    expect(flow).toMatchObject({ sessionId, provider: 'ACME', state: 'pending' });
    const web = browser(b);
    expect(web.take(await b.connect.choose(sessionId, 'ACME'))).toBe(`${PUBLIC_URL}/auth/start/${flowId}`);
    expect(await b.store.flows.lookup(flowId)).toEqual(flow);
    expect(await web.login(flowId, 'ann')).toContain('/success?');
    expect((await b.connect.view(sessionId))?.single).toBeUndefined();
  });

  test('opened in its last second leaves the login its own time', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, { providers: ['acme'] });
    const flowId = (await b.connect.view(sessionId))?.single?.flowId ?? '';
    b.clock.advance(899_000);
    const web = browser(b);
    const page = await web.open(flowId);
    b.clock.advance(800_000);
    expect(web.take(await web.callback(b.provider.login(page, 'ann')))).toContain('/success?');
  });

  test('cannot be started after the link has run out', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, { providers: ['acme'] });
    const flowId = (await b.connect.view(sessionId))?.single?.flowId ?? '';
    b.clock.advance(900_000);
    expect(await browser(b).open(flowId)).toContain('reason=session_expired');
  });

  test('shows the choice again after a denial, and for devices and disconnecting always', async () => {
    const b = await bench();
    const { sessionId } = await b.connect.createSession(b.environment, { providers: ['acme'] });
    const web = browser(b);
    const { state = '' } = b.provider.login(
      await web.open((await b.connect.view(sessionId))?.single?.flowId ?? ''),
      'a',
    );
    await web.callback({ error: 'access_denied', state });
    expect((await b.connect.view(sessionId))?.single).toBeUndefined();
    expect(await web.login(web.take(await b.connect.choose(sessionId, 'ACME')), 'ann')).toContain('/success?');
    for (const input of [{ providers: ['PHONE'] }, { providers: ['ACME'], showDisconnect: true }, {}]) {
      const other = await b.connect.createSession(b.environment, input);
      expect((await b.connect.view(other.sessionId))?.single).toBeUndefined();
    }
  });
});

describe('connections of the reference id', () => {
  test('are shown only where people may disconnect', async () => {
    const b = await bench();
    const userId = await connectPerson(b, 'ann', { referenceId: 'r' });
    await connectPerson(b, 'bob', { referenceId: 'other' });
    const plain = await b.connect.createSession(b.environment, { referenceId: 'r' });
    expect((await b.connect.view(plain.sessionId))?.providers[0]?.connection).toBeUndefined();
    const shown = await b.connect.createSession(b.environment, { referenceId: 'r', showDisconnect: true });
    const [first, second] = (await b.connect.view(shown.sessionId))?.providers ?? [];
    expect(first?.connection).toEqual({ userId, state: 'active' });
    expect(second?.connection).toBeUndefined();
  });

  test('can be disconnected from such a session, and no others', async () => {
    const b = await bench();
    const mine = await connectPerson(b, 'ann', { referenceId: 'r' });
    const theirs = await connectPerson(b, 'bob', { referenceId: 'other' });
    const shown = await b.connect.createSession(b.environment, { referenceId: 'r', showDisconnect: true });
    const plain = await b.connect.createSession(b.environment, { referenceId: 'r' });
    const { fromSession } = b.disconnect;
    await expect(fromSession(plain.sessionId, mine)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(fromSession(shown.sessionId, theirs)).rejects.toMatchObject({ code: 'user_not_found' });
    await fromSession(shown.sessionId, mine);
    expect(await b.store.connections.byUserId(b.environment.id, mine)).toBeUndefined();
    b.clock.advance(900_000);
    await expect(fromSession(shown.sessionId, mine)).rejects.toMatchObject({ code: 'session_expired' });
  });
});

test('the result page names provider and account, for a while', async () => {
  const b = await bench();
  const { sessionId } = await b.connect.createSession(b.environment, { providers: ['acme'] });
  expect(await b.connect.result(sessionId)).toMatchObject({ accountLabel: undefined });
  await browser(b).login((await b.connect.view(sessionId))?.single?.flowId ?? '', 'ann');
  expect(await b.connect.result(sessionId)).toEqual({
    app: { name: 'Bench', color: '#0f766e', logo: undefined },
    language: undefined,
    providerName: 'Acme Ring',
    accountLabel: 'ann@mail.example',
    scopes: ['daily', 'sleep'],
  });
  const { authUrl } = await b.connect.authenticateUser(b.environment, 'ACME', {});
  const flowId = authUrl.split('/').at(-1) ?? '';
  expect(await b.connect.result(flowId)).toMatchObject({ providerName: 'Acme Ring', accountLabel: undefined });
  await browser(b).login(authUrl, 'bob');
  expect(await b.connect.result(flowId)).toMatchObject({ accountLabel: 'bob@mail.example' });
  b.clock.advance(3 * 900_000);
  expect(await b.connect.result(flowId)).toMatchObject({ accountLabel: undefined });
  expect(await b.connect.result('nope')).toBeUndefined();
});
