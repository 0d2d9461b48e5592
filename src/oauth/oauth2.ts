import type { ApiRequest, ApiResponse } from '../core/http.ts';
import type { AuthContext, OAuth2Auth, TokenRequest } from '../core/provider.ts';

type Parameters = Record<string, string | undefined>;

/** What goes into one authorisation request beyond the context. */
export interface AuthorizeInput {
  state: string;
  /** S256 challenge, for providers whose manifest says `pkce`. */
  codeChallenge: string | undefined;
}

/** The provider's authorise page with its parameters (RFC 6749 §4.1.1), in the provider's real host. */
export function authorizeUrl(auth: OAuth2Auth, context: AuthContext, input: AuthorizeInput): string {
  const standard: Parameters = {
    response_type: 'code',
    client_id: context.credentials.client_id,
    redirect_uri: context.redirectUri,
    scope: context.requested.join(auth.authorize.scopeSeparator ?? ' ') || undefined,
    state: input.state,
    code_challenge: input.codeChallenge,
    code_challenge_method: input.codeChallenge ? 'S256' : undefined,
  };
  const url = new URL(auth.authorize.url);
  for (const [name, value] of present({ ...standard, ...auth.authorize.params?.(context) })) {
    url.searchParams.set(name, value);
  }
  // `%20` and not `+`: some authorise pages read their query with a plain percent-decoder.
  url.search = url.searchParams.toString().replaceAll('+', '%20');
  return url.href;
}

/** The code-for-token request (RFC 6749 §4.1.3). `code` stands in the context's callback. */
export function exchangeRequest(auth: OAuth2Auth, context: AuthContext, codeVerifier: string | undefined): ApiRequest {
  return tokenRequest(auth.exchange, context, {
    grant_type: 'authorization_code',
    code: context.callback.code,
    redirect_uri: context.redirectUri,
    code_verifier: codeVerifier,
  });
}

/** The refresh request (RFC 6749 §6); undefined when the manifest has none or the grant holds no refresh token. */
export function refreshRequest(auth: OAuth2Auth, context: AuthContext): ApiRequest | undefined {
  const refreshToken = context.token?.refreshToken;
  if (!auth.refresh || refreshToken === undefined) return undefined;
  return tokenRequest(auth.refresh, context, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

function tokenRequest(request: TokenRequest, context: AuthContext, standard: Parameters): ApiRequest {
  const clientAuth = request.clientAuth ?? 'body';
  const client: Parameters =
    clientAuth === 'body'
      ? { client_id: context.credentials.client_id, client_secret: context.credentials.client_secret }
      : {};
  // A public client still names itself (RFC 6749 §3.2.1).
  if (clientAuth === 'none') client.client_id = context.credentials.client_id;
  return {
    method: 'POST',
    url: request.url,
    headers: { accept: 'application/json', ...request.headers },
    form: Object.fromEntries(present({ ...standard, ...client, ...request.params?.(context) })),
    as: clientAuth === 'basic' ? 'basic' : 'nobody',
  };
}

function present(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** The `error` code of a token endpoint's refusal (RFC 6749 §5.2), for logs; undefined when it does not say one. */
export function readTokenError(response: ApiResponse): string | undefined {
  const body = response.json;
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  return errorCode(body.error);
}

/** The error that a callback brings (RFC 6749 §4.1.2.1); undefined when it brings none. */
export function readCallbackError(callback: Record<string, string>): string | undefined {
  if (callback.error !== undefined) return errorCode(callback.error) ?? 'access_denied';
  // OAuth 1.0a providers have no standard parameter for a refusal; these two are the common ones.
  if (callback.denied !== undefined || callback.oauth_problem !== undefined) return 'access_denied';
  return undefined;
}

/** Codes go into redirects, events and logs: only short plain names pass. */
function errorCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined;
}
