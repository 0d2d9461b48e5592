import { type Terra, TerraClient, TerraError, verifyTerraWebhookSignature } from 'terra-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, consentTo } from '../harness/browser.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';

const PROVIDER = 'OURA';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await server.tenant('Acme');
});
afterAll(() => server?.close());

function clientAt(prefix: string, key: Record<string, string> = tenant.key): TerraClient {
  return new TerraClient({ baseUrl: `${server.url}${prefix}`, devId: key['dev-id'] ?? '', apiKey: key['x-api-key'] });
}

async function refused(call: Promise<unknown>): Promise<TerraError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TerraError)) throw new Error(`expected a refusal, got ${error}`);
  return error;
}

interface Listed {
  users: Terra.TerraUser[];
}

describe.each(['/v2', '/api/v2'])('the official client at %s', (prefix) => {
  const reference = `person at ${prefix}`;
  let userId = '';

  test('makes a widget session', async () => {
    const session = await clientAt(prefix).authentication.generatewidgetsession({
      reference_id: reference,
      providers: 'oura',
      language: 'en',
      auth_success_redirect_url: 'https://app.example/success',
      auth_failure_redirect_url: 'https://app.example/failure',
    });
    expect(session).toMatchObject({ status: 'success', expires_in: 900 });
    expect(session.url).toBe(`${server.url}/session/${session.session_id}`);
    const page = await fetch(session.url ?? '', { redirect: 'manual' });
    expect(page.status).toBeLessThan(400);
  });

  test('makes a login link, whose user is there when the browser comes back', async () => {
    const link = await clientAt(prefix).authentication.authenticateuser({
      resource: 'oura',
      reference_id: reference,
      auth_success_redirect_url: 'https://app.example/done?auth=success#top',
    });
    expect(link.status).toBe('success');
    const landed = new URL(await consentTo(new Browser(), link.auth_url ?? ''));
    expect(landed.origin + landed.pathname + landed.hash).toBe('https://app.example/done#top');
    expect(Object.fromEntries(landed.searchParams)).toEqual({
      auth: 'success',
      user_id: link.user_id,
      reference_id: reference,
      resource: PROVIDER,
    });
    userId = link.user_id ?? '';
    const known = (await clientAt(prefix).user.getinfoforuserid({ reference_id: reference })) as unknown as Listed;
    expect(known.users.map((user) => user.user_id)).toEqual([userId]);
  });

  test('reads the user', async () => {
    const info = (await clientAt(prefix).user.getinfoforuserid({ user_id: userId })) as { user: Terra.TerraUser };
    expect(info).toMatchObject({ status: 'success', is_authenticated: true });
    expect(info.user).toMatchObject({ user_id: userId, provider: PROVIDER, reference_id: reference, active: true });
  });

  test('lists users, whole and in pages', async () => {
    const client = clientAt(prefix);
    const all = (await client.user.getalluserids()) as unknown as Listed;
    expect(all.users.map((user) => user.user_id)).toContain(userId);
    const page = (await client.user.getalluserids({ page: 0, per_page: 1 })) as {
      data: { next: number | null; max_page: number; results: Terra.TerraUser[] };
    };
    expect(page.data.results).toHaveLength(1);
    expect(page.data.next).toBe(page.data.max_page > 0 ? 1 : null);
    const bulk = await client.user.getinfoformultipleuserids(['11111111-1111-4111-8111-111111111111', userId]);
    expect(bulk.map((user) => user.user_id)).toEqual([userId]);
  });

  test('lists integrations', async () => {
    const client = clientAt(prefix);
    expect((await client.integrations.fetch()).providers).toContain(PROVIDER);
    const detailed = await client.integrations.detailedfetch({ sdk: true });
    const row = detailed.providers?.find((candidate) => candidate.provider === PROVIDER);
    expect(row).toMatchObject({ enabled: true });
    expect(Object.keys(row?.types ?? {}).sort()).toEqual([
      'activity',
      'body',
      'daily',
      'menstruation',
      'nutrition',
      'sleep',
    ]);
    const icon = await fetch(row?.icon ?? '');
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
  });

  test('is told what is wrong with a read by the classes that it knows', async () => {
    const { activity } = clientAt(prefix);
    const stranger = '11111111-1111-4111-8111-111111111111';
    const missing = await refused(activity.fetch({ user_id: stranger, start_date: '2026-07-01', to_webhook: false }));
    expect([missing.statusCode, missing.body]).toMatchObject([404, { detail: 'user not found', status: 'error' }]);
    const bad = await refused(activity.fetch({ user_id: userId, start_date: 'soon', to_webhook: false }));
    expect([bad.constructor.name, bad.body]).toMatchObject(['BadRequestError', { message: 'invalid start_date' }]);
  });

  test('is told that a connection takes no records', async () => {
    const { body } = clientAt(prefix);
    const error = await refused(body.write({ data: [] }, { queryParams: { user_id: userId } }));
    expect([error.statusCode, error.body]).toMatchObject([
      400,
      { detail: 'this connection does not support writing body' },
    ]);
  });

  test('is refused with a wrong key', async () => {
    const wrong = clientAt(prefix, { ...tenant.key, 'x-api-key': 'wrong' });
    expect((await refused(wrong.user.getalluserids())).statusCode).toBe(401);
    const without = new TerraClient({ baseUrl: `${server.url}${prefix}`, devId: tenant.key['dev-id'] ?? '' });
    expect(await refused(without.user.getalluserids())).toMatchObject({
      statusCode: 401,
      body: { detail: 'dev-id or x-api-key headers are missing' },
    });
  });

  test('disconnects, once', async () => {
    const { authentication } = clientAt(prefix);
    expect(await authentication.deauthenticateuser({ user_id: userId })).toEqual({ status: 'success' });
    expect((await refused(authentication.deauthenticateuser({ user_id: userId }))).statusCode).toBe(404);
  });
});

test('answers to a key are signed as the official helper expects it', async () => {
  const answer = await fetch(`${server.url}/v2/subscriptions`, { headers: tenant.key });
  const signature = answer.headers.get('terra-signature') ?? '';
  expect(await verifyTerraWebhookSignature(await answer.text(), signature, tenant.signingSecret)).toBe(true);
});

test('no key, secret, code or state of all this is in the log', () => {
  const text = server.logged.join('\n');
  expect(server.logged.length).toBeGreaterThan(20);
  expect(text).not.toContain(tenant.apiKey);
  expect(text).not.toContain(tenant.signingSecret);
  expect(text).not.toMatch(/[?&](code|state|user_id|reference_id)=|person at/);
});
