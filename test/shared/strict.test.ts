import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorker, type Worker } from '../../src/main/worker.ts';
import { degrade } from '../../src/services/degrade.ts';
import { Browser, consentTo } from '../harness/browser.ts';
import { type Receiver, startReceiver } from '../harness/receiver.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';
import { withoutAdditive } from './oracle/additive.ts';
import { openOracle } from './oracle/strict.ts';
import { sharedPath } from './shared-folder.ts';

const oracle = openOracle();
const PREFIXES = ['/v2', '/api/v2'];
let solum: TestServer;
let worker: Worker;
let tenant: TestTenant;
let receiver: Receiver;

beforeAll(async () => {
  solum = await startTestServer();
  worker = createWorker(solum.app);
  await worker.start();
  tenant = await solum.tenant('strict');
  receiver = await startReceiver();
  await solum.app.services.destinations.add(tenant.environment, 'webhook', { url: receiver.url });
});

afterAll(async () => {
  await worker.stop();
  await solum.close();
  await receiver.close();
});

async function call(method: string, path: string, options: { body?: unknown; headers?: Record<string, string> } = {}) {
  const answer = await fetch(`${solum.url}${path}`, {
    method,
    headers: {
      ...(options.headers ?? tenant.key),
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    json: (await answer.json()) as unknown,
  };
}

/** The answer holds what the published schema says and, but for the listed additions, nothing else. */
function conforms(document: 'v2' | 'widget', method: string, path: string, answer: { status: number; json: unknown }) {
  const where = `${method} ${path} ${answer.status}`;
  const validate = oracle.answer(document, method, path, answer.status);
  validate(withoutAdditive(where, answer.json));
  expect(validate.errors ?? [], `${where}: ${JSON.stringify(answer.json).slice(0, 500)}`).toEqual([]);
}

function eventConforms(name: string, body: unknown) {
  const validate = oracle.event(name);
  validate(withoutAdditive(name, body));
  expect(validate.errors ?? [], `${name}: ${JSON.stringify(body).slice(0, 500)}`).toEqual([]);
}

async function event(type: string, matches: (json: Record<string, unknown>) => boolean = () => true) {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = receiver.received.find((one) => one.json.type === type && matches(one.json));
    if (found) return found.json;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no ${type}; received ${receiver.received.map((one) => one.json.type).join(', ')}`);
}

async function connect(provider: string, reference: string, decision: 'allow' | 'deny' = 'allow') {
  const made = await call('POST', `/v2/auth/authenticateUser?resource=${provider}`, {
    body: { reference_id: reference },
  });
  const landed = new URL(await consentTo(new Browser(), (made.json as { auth_url: string }).auth_url, { decision }));
  return landed.searchParams.get('user_id') ?? '';
}

for (const prefix of PREFIXES) {
  test(`answers below ${prefix} are those of the published document`, async () => {
    const body = { reference_id: 'strict-person', auth_success_redirect_url: 'https://app.example/ok' };
    conforms(
      'v2',
      'POST',
      '/auth/generateWidgetSession',
      await call('POST', `${prefix}/auth/generateWidgetSession`, { body }),
    );
    conforms('widget', 'POST', '/widget/api/session', await call('POST', '/widget/api/session', { body }));
    conforms(
      'v2',
      'POST',
      '/auth/authenticateUser',
      await call('POST', `${prefix}/auth/authenticateUser?resource=oura`, { body }),
    );
    conforms(
      'v2',
      'POST',
      '/auth/authenticateUser',
      await call('POST', `${prefix}/auth/authenticateUser?resource=none`, { body }),
    );
    conforms('v2', 'GET', '/integrations', await call('GET', `${prefix}/integrations`));
    conforms('v2', 'GET', '/integrations/detailed', await call('GET', `${prefix}/integrations/detailed?sdk=true`));

    const userId = await connect('OURA', 'strict-person');
    conforms('v2', 'GET', '/userInfo', await call('GET', `${prefix}/userInfo?user_id=${userId}`));
    conforms('v2', 'GET', '/userInfo', await call('GET', `${prefix}/userInfo`));
    conforms('v2', 'GET', '/userInfo', await call('GET', `${prefix}/userInfo?user_id=${crypto.randomUUID()}`));
    conforms('v2', 'GET', '/subscriptions', await call('GET', `${prefix}/subscriptions`));
    conforms('v2', 'GET', '/subscriptions', await call('GET', `${prefix}/subscriptions?page=0&per_page=1`));
    conforms('v2', 'POST', '/bulkUserInfo', await call('POST', `${prefix}/bulkUserInfo`, { body: [userId] }));
    conforms('v2', 'GET', '/activity', await call('GET', `${prefix}/activity?user_id=${userId}&start_date=nope`));
    conforms('v2', 'GET', '/activity', await call('GET', `${prefix}/activity?user_id=${userId}`, { headers: {} }));
    conforms(
      'v2',
      'DELETE',
      '/auth/deauthenticateUser',
      await call('DELETE', `${prefix}/auth/deauthenticateUser?user_id=${userId}`),
    );
    conforms(
      'v2',
      'DELETE',
      '/auth/deauthenticateUser',
      await call('DELETE', `${prefix}/auth/deauthenticateUser?user_id=${userId}`),
    );
  });
}

test('userInfo by reference id is the object that the decision names, and the published array by setting', async () => {
  await connect('WITHINGS', 'shapes');
  const object = (await call('GET', '/v2/userInfo?reference_id=shapes')).json as { users: unknown[]; status: string };
  expect(Object.keys(object).sort()).toEqual(['status', 'users']);
  await solum.app.services.environments.set(tenant.environment, ['userinfo_reference_shape=array']);
  const array = await call('GET', '/v2/userInfo?reference_id=shapes');
  conforms('v2', 'GET', '/userInfo', array);
  expect(array.json).toEqual(object.users);
  await solum.app.services.environments.set(tenant.environment, ['userinfo_reference_shape=object']);
});

test('the events of a connection’s life are those of the published schemas', async () => {
  const first = await connect('WITHINGS', 'life');
  eventConforms(
    'AuthSuccessEvent',
    await event('auth', (json) => (json.user as { user_id: string }).user_id === first),
  );
  const second = await connect('WITHINGS', 'life');
  eventConforms(
    'UserReauthEvent',
    await event('user_reauth', (json) => (json.new_user as { user_id: string }).user_id === second),
  );
  eventConforms(
    'AuthSuccessEvent',
    await event('auth', (json) => (json.user as { user_id: string }).user_id === second),
  );
  await call('DELETE', `/v2/auth/deauthenticateUser?user_id=${second}`);
  eventConforms('DeauthEvent', await event('deauth', (json) => (json.user as { user_id: string }).user_id === second));
  await connect('OURA', 'denied', 'deny');
  eventConforms('AuthErrorEvent', await event('auth_cancelled', (json) => json.reference_id === 'denied'));
});

test('a recording arrives and is read back as a published Activity', async () => {
  const bytes = readFileSync(sharedPath('fixtures', 'fit-tcx-gpx', 'garmin-fenix-5-run.fit'));
  const { services } = solum.app;
  const { userId } = await services.importing.files(tenant.environment, 'runner', [{ name: 'run.fit', bytes }]);
  eventConforms('ActivityEvent', await event('activity'));
  for (const samples of ['true', 'false']) {
    const range = 'start_date=2017-06-11&end_date=2017-06-12&to_webhook=false';
    const answer = await call('GET', `/v2/activity?user_id=${userId}&${range}&with_samples=${samples}`);
    conforms('v2', 'GET', '/activity', answer);
    expect((answer.json as { data: unknown[] }).data).toHaveLength(1);
  }
});

test('a grant that died is told as a published connection_error', async () => {
  const userId = await connect('OURA', 'degraded');
  const { store, clock } = solum.app;
  const connection = await store.connections.byUserId(tenant.environment.id, userId);
  if (!connection) throw new Error('not connected');
  const ref = { environmentId: tenant.environment.id, accountId: connection.accountId };
  const grant = await store.accounts.grant(ref);
  await degrade(store, clock, ref, grant?.version ?? 0);
  const ofUser = (json: Record<string, unknown>) => (json.user as { user_id: string }).user_id === userId;
  eventConforms('ConnectionErrorEvent', await event('connection_error', ofUser));
});

test('a requested window is acknowledged and announced as published', async () => {
  const bytes = readFileSync(sharedPath('fixtures', 'fit-tcx-gpx', 'garmin-fenix-5-walk.fit'));
  const { services } = solum.app;
  const { userId } = await services.importing.files(tenant.environment, 'walker', [{ name: 'walk.fit', bytes }]);
  const ofUser = (json: Record<string, unknown>) => (json.user as { user_id: string }).user_id === userId;
  await event('activity', ofUser);
  for (const range of ['start_date=2017-06-11&end_date=2017-06-12', 'start_date=2017-01-01&end_date=2017-12-31']) {
    const answer = await call('GET', `/v2/activity?user_id=${userId}&${range}`);
    conforms('v2', 'GET', '/activity', answer);
    const { reference } = answer.json as { reference: string };
    const sent = await event('activity', (json) => ofUser(json) && referenceOf(json) === reference);
    eventConforms('ActivityEvent', sent);
  }
  eventConforms('LargeRequestProcessingEvent', await event('large_request_processing', ofUser));
  eventConforms('LargeRequestSendingEvent', await event('large_request_sending', ofUser));
});

function referenceOf(json: Record<string, unknown>): string {
  return String(receiver.received.find((one) => one.json === json)?.headers['terra-reference']);
}
