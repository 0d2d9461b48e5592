import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiResponse } from '../../src/core/http.ts';
import type { OAuth2Auth, Provider, Token } from '../../src/core/provider.ts';
import { codeChallenge } from '../../src/oauth/pkce.ts';

/** A request that the provider got. */
export interface Seen {
  method: string;
  /** Path after the real host, with query. */
  path: string;
  host: string;
  form: Record<string, string>;
  authorization: string | undefined;
}

/** What the provider does with one request instead of answering it well. */
export type Trouble =
  | { status: number; json?: unknown; headers?: Record<string, string> }
  /** Closes the socket: before the request has any effect, or after. */
  | { drop: 'before' | 'after' }
  /** Acts on the request at once and answers it well, but not before this is settled. */
  | { hold: Promise<void> };

interface Code {
  person: string;
  scopes: string[];
  redirectUri: string;
  challenge: string | undefined;
}

export interface OAuthProvider {
  /** Stands in for every real host: `<origin>/<host>/<path>`. */
  origin: string;
  seen: Seen[];
  /** The person at the login page: answers the query that the browser brings back. */
  login(authorizeUrl: string, person: string, scopes?: string[]): Record<string, string>;
  /** The next requests to this path meet these troubles, in order. */
  trouble(path: string, ...troubles: Trouble[]): void;
  /** Persons whose grants were revoked. */
  revoked: string[];
  requestsTo(path: string): Seen[];
  close(): Promise<void>;
}

/**
 * A small OAuth 2.0 server with single-use codes, PKCE, rotating refresh tokens, a profile and a revoke endpoint. With
 * `grace` a refresh token that was replaced goes on working.
 */
export async function oauthProvider({ grace = false } = {}): Promise<OAuthProvider> {
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, Code>();
  const accessTokens = new Map<string, Code>();
  const troubles = new Map<string, Trouble[]>();
  const seen: Seen[] = [];
  const revoked: string[] = [];

  function grant(code: Code) {
    const token = { access_token: `at-${randomUUID()}`, refresh_token: `rt-${randomUUID()}` };
    accessTokens.set(token.access_token, code);
    refreshTokens.set(token.refresh_token, code);
    return { status: 200, json: { ...token, token_type: 'bearer', expires_in: 3600, scope: code.scopes.join(' ') } };
  }

  async function token(form: Record<string, string>) {
    if (form.client_secret !== 'good-secret') return { status: 401, json: { error: 'invalid_client' } };
    const refusal = { status: 400, json: { error: 'invalid_grant' } };
    if (form.grant_type === 'refresh_token') {
      const held = refreshTokens.get(form.refresh_token ?? '');
      if (!grace) refreshTokens.delete(form.refresh_token ?? '');
      return held ? grant(held) : refusal;
    }
    const code = codes.get(form.code ?? '');
    codes.delete(form.code ?? '');
    if (!code || code.redirectUri !== form.redirect_uri) return refusal;
    if (code.challenge && (await codeChallenge(form.code_verifier ?? '')) !== code.challenge) return refusal;
    return grant(code);
  }

  async function answer(request: Seen): Promise<{ status: number; json?: unknown }> {
    const path = request.path.split('?')[0];
    if (path === '/token') return token(request.form);
    const held = accessTokens.get((request.authorization ?? '').replace(/^Bearer /, ''));
    if (!held) return { status: 401 };
    if (path === '/me') return { status: 200, json: { id: held.person, email: `${held.person}@mail.example` } };
    if (path !== '/revoke') return { status: 404 };
    revoked.push(held.person);
    return { status: 200 };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, host = '', ...rest] = (request.url ?? '').split('/');
    const path = `/${rest.join('/')}`;
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const one: Seen = { method: request.method ?? '', path, host, form, authorization: request.headers.authorization };
    seen.push(one);
    const trouble = troubles.get(path.split('?')[0] ?? '')?.shift();
    if (trouble && 'drop' in trouble) {
      if (trouble.drop === 'after') await answer(one);
      request.socket.destroy();
      return;
    }
    const held = trouble && 'hold' in trouble;
    const { status, json, headers } = held || !trouble ? { ...(await answer(one)), headers: {} } : trouble;
    if (held) await trouble.hold;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    revoked,
    login(authorizeUrl, person, scopes) {
      const query = new URL(authorizeUrl).searchParams;
      const code = `code-${randomUUID()}`;
      codes.set(code, {
        person,
        scopes: scopes ?? (query.get('scope') ?? '').split(' '),
        redirectUri: query.get('redirect_uri') ?? '',
        challenge: query.get('code_challenge') ?? undefined,
      });
      return { code, state: query.get('state') ?? '' };
    },
    trouble: (path, ...some) => void troubles.set(path, [...(troubles.get(path) ?? []), ...some]),
    requestsTo: (path) => seen.filter((request) => request.path.split('?')[0] === path),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

function readToken(response: ApiResponse): Token | undefined {
  const body = response.json as Record<string, string | number> | undefined;
  if (typeof body?.access_token !== 'string') return undefined;
  const scope = String(body.scope ?? '');
  return {
    accessToken: body.access_token,
    ...(body.refresh_token !== undefined && { refreshToken: String(body.refresh_token) }),
    ...(body.expires_in !== undefined && { expiresIn: Number(body.expires_in) }),
    ...(scope !== '' && { scopes: scope.split(' ') }),
  };
}

/** How the manifest of such a provider speaks to it. */
export const testAuth: OAuth2Auth = {
  kind: 'oauth2',
  scopes: [
    { name: 'daily', required: true, dataTypes: ['daily'] },
    { name: 'sleep', dataTypes: ['sleep'] },
    { name: 'extra', default: false, dataTypes: [] },
  ],
  authorize: { url: 'https://login.acme.example/authorize', pkce: 'S256' },
  exchange: { url: 'https://api.acme.example/token' },
  refresh: { url: 'https://api.acme.example/token' },
  token: readToken,
  afterToken: [{ name: 'me', request: () => ({ url: 'https://api.acme.example/me' }) }],
  account: ({ results }) => {
    const me = results.me?.json as { id: string; email: string };
    return { providerUserId: me.id, label: me.email };
  },
  refreshSkew: 300,
  isDead: ({ status, json }) => status === 400 && (json as { error?: string } | undefined)?.error === 'invalid_grant',
  revoke: [{ name: 'revoke', request: () => ({ method: 'POST', url: 'https://api.acme.example/revoke' }) }],
};

/** A provider like any other, whose hosts `oauthProvider` stands in for. */
export const testProvider: Provider = {
  id: 'ACME',
  name: 'Acme Ring',
  domains: ['acme.example'],
  aliases: ['ACMERING'],
  capabilities: ['poll'],
  hosts: { login: 'https://login.acme.example', api: 'https://api.acme.example' },
  credentials: [
    { name: 'client_id', label: 'Client id' },
    { name: 'client_secret', label: 'Client secret', kind: 'secret' },
  ],
  auth: testAuth,
  dataTypes: {},
  limits: [],
};
