import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { browser, type ConnectBench, connectBench, PUBLIC_URL } from '../../../test/harness/connect-bench.ts';
import { testProvider } from '../../../test/harness/oauth-provider.ts';
import type { Provider } from '../../core/provider.ts';

const host = 'https://api.acme.example';

const provider: Provider = {
  ...testProvider,
  auth: {
    kind: 'oauth1',
    scopes: [],
    requestToken: { url: `${host}/initiate` },
    authorize: { url: 'https://login.acme.example/allow' },
    exchange: { url: `${host}/token` },
    signature: 'HMAC-SHA1',
    token(response) {
      const fields = new URLSearchParams(Buffer.from(response.body).toString('utf8'));
      const [accessToken, tokenSecret] = [fields.get('oauth_token'), fields.get('oauth_token_secret')];
      return accessToken && tokenSecret ? { accessToken, tokenSecret } : undefined;
    },
    afterToken: [{ name: 'me', request: () => ({ url: `${host}/me` }) }],
    account: ({ results }) => {
      const me = results.me?.json as { id: string };
      return { providerUserId: me.id };
    },
    refreshSkew: 0,
    isDead: () => false,
  },
};

let b: ConnectBench;
let closeServer: () => Promise<void>;
let seen: Record<string, Record<string, string>> = {};

/** The parameters of an `Authorization: OAuth` header. */
function signedBy(header: string | undefined): Record<string, string> {
  const pairs = [...(header ?? '').matchAll(/(\w+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decodeURIComponent(value)]));
}

beforeAll(async () => {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', host).pathname.replace('/api.acme.example', '');
    const signed = signedBy(request.headers.authorization);
    seen[path] = signed;
    const isKnown = path !== '/token' || (signed.oauth_token === 'temp' && signed.oauth_verifier === 'v1');
    response.statusCode = isKnown ? 200 : 401;
    if (path === '/initiate')
      response.end('oauth_token=temp&oauth_token_secret=temp-secret&oauth_callback_confirmed=true');
    else if (path === '/token') response.end('oauth_token=token&oauth_token_secret=secret');
    else response.end(JSON.stringify({ id: 'ann' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeServer = () => new Promise((resolve) => server.close(() => resolve()));
  b = await connectBench({ providers: [provider] });
  b.reach(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

beforeEach(() => {
  seen = {};
});

afterAll(async () => {
  await b.close();
  await closeServer();
});

async function started() {
  const { userId, authUrl } = await b.connect.authenticateUser(b.environment, 'ACME', {});
  const web = browser(b);
  const page = new URL(await web.open(authUrl));
  const callbackUrl = new URL(seen['/initiate']?.oauth_callback ?? '');
  return { userId, web, page, callbackUrl, state: callbackUrl.searchParams.get('state') ?? '' };
}

test('three signed steps end in a connection', async () => {
  const { userId, web, page, callbackUrl, state } = await started();
  expect(page.href).toBe(`${PUBLIC_URL}/sandbox/login.acme.example/allow?oauth_token=temp`);
  expect(callbackUrl.origin + callbackUrl.pathname).toBe(`${PUBLIC_URL}/v2/auth/acme/oauth1`);
  const end = web.take(await web.callback({ state, oauth_token: 'temp', oauth_verifier: 'v1' }));
  expect(end).toContain(`/success?user_id=${userId}&`);
  expect(seen['/me']).toMatchObject({ oauth_token: 'token', oauth_signature_method: 'HMAC-SHA1' });
  const connection = await b.store.connections.byUserId(b.environment.id, userId);
  expect(connection?.account).toMatchObject({ providerUserId: 'ann', scopes: undefined, expiresAt: undefined });
});

test('the temporary secret travels sealed in the cookie; without it the login fails', async () => {
  const { web, state } = await started();
  expect(JSON.stringify(web.cookies)).not.toContain('temp');
  const query = { state, oauth_token: 'temp', oauth_verifier: 'v1' };
  const end = web.take(await web.callback(query, { cookies: {}, confirmed: true }));
  expect(end).toContain('reason=invalid_state');
  expect(seen).not.toHaveProperty('/token');
});

test('a denial and an answer for another token fail', async () => {
  const denied = await started();
  expect(denied.web.take(await denied.web.callback({ state: denied.state, denied: 'temp' }))).toContain(
    'access_denied',
  );
  const other = await started();
  const query = { state: other.state, oauth_token: 'other', oauth_verifier: 'v1' };
  expect(other.web.take(await other.web.callback(query))).toContain('reason=invalid_state');
});
