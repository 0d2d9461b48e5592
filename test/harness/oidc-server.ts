import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type { Provider as Manifest, OAuth2Auth } from '../../src/core/provider.ts';
import { testAuth, testProvider } from './oauth-provider.ts';

const HOUR = 3600;

export interface OidcServer {
  /** Stands in for every real host: `<origin>/<host>/<path>`. */
  origin: string;
  /** How often each path was asked through `origin`. */
  calls(path: string): number;
  /** The next answers of the token endpoint get lost: before the server saw the request, or after it acted on it. */
  drop(...when: ('before' | 'after')[]): void;
  /** The person at the server's own login and consent pages: answers the query that comes back. */
  login(authorizeUrl: string, person: string): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** An OpenID provider written by others: refresh tokens rotate, and using one twice ends the whole grant. */
export async function oidcServer(client: { id: string; secret: string; redirectUri: string }): Promise<OidcServer> {
  const inner = await listen((request, response) => handler(request, response));
  const provider = new Provider(inner.origin, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: ['openid', 'offline_access', 'daily', 'sleep'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    features: { devInteractions: { enabled: true } },
    findAccount: async (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    ttl: { AccessToken: HOUR, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, RefreshToken: HOUR, Session: HOUR },
  });
  const handler = provider.callback();
  const calls: string[] = [];
  const drops: ('before' | 'after')[] = [];
  const outer = await listen((request, response) => void forward(request, response));

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = `/${(request.url ?? '').split('/').slice(2).join('/')}`;
    calls.push(path.split('?')[0] ?? '');
    const lost = path === '/token' ? drops.shift() : undefined;
    if (lost === 'before') return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization, 'content-type': type } = request.headers;
    const answer = await fetch(`${inner.origin}${path}`, {
      method: request.method ?? 'GET',
      headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (lost === 'after') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(body);
  }

  return {
    origin: outer.origin,
    calls: (path) => calls.filter((call) => call === path).length,
    drop: (...when) => void drops.push(...when),
    async login(authorizeUrl, person) {
      const { search } = new URL(authorizeUrl);
      return consent(`${inner.origin}/auth${search}`, client.redirectUri, person);
    },
    async close() {
      await Promise.all([inner.close(), outer.close()]);
    },
  };
}

/** Follows the login and consent pages with a cookie jar until the browser would leave for the redirect address. */
async function consent(start: string, redirectUri: string, person: string): Promise<Record<string, string>> {
  const jar = new Map<string, string>();
  let url = start;
  let form: Record<string, string> | undefined;
  for (let page = 0; page < 12; page += 1) {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = answer.headers.get('location');
    if (location?.startsWith(redirectUri)) return Object.fromEntries(new URL(location).searchParams);
    const prompt = /name="prompt" value="(\w+)"/.exec(await answer.text())?.[1];
    if (!location && !prompt) throw new Error(`no way on from the page at ${new URL(url).pathname}`);
    form = prompt ? { prompt, login: person, password: 'any' } : undefined;
    if (location) url = new URL(location, url).href;
  }
  throw new Error('the login pages do not end');
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const oidcAuth: OAuth2Auth = {
  ...testAuth,
  scopes: [
    { name: 'openid', required: true, dataTypes: [] },
    { name: 'offline_access', dataTypes: [] },
    { name: 'daily', dataTypes: ['daily'] },
  ],
  authorize: { url: 'https://login.acme.example/auth', pkce: 'S256', params: () => ({ prompt: 'consent' }) },
  account: ({ results }) => {
    const me = results.me?.json as { sub: string };
    return { providerUserId: me.sub };
  },
};

/** The manifest of a provider that runs on it. */
export const oidcProvider: Manifest = { ...testProvider, auth: oidcAuth };
