import type { ApiRequest, ApiResponse } from '../core/http.ts';
import { hmac } from '../lib/hash.ts';

export type SignatureMethod = 'HMAC-SHA1' | 'HMAC-SHA256';

/** Who signs: the app, and the person once there is a token. */
export interface OAuth1Signer {
  method: SignatureMethod;
  consumerKey: string;
  consumerSecret: string;
  token?: { token: string; secret: string };
}

/** What makes a signature unrepeatable; given by the caller, because this file has no clock and no randomness. */
export interface Once {
  nonce: string;
  /** Epoch seconds. */
  timestamp: number;
}

/** Temporary or token credentials (RFC 5849 §2.1, §2.3). */
export interface OAuth1Token {
  token: string;
  secret: string;
  /** Everything else the answer carried, e.g. a user id. */
  extra: Record<string, string>;
}

/** First step (RFC 5849 §2.1): asks for temporary credentials. */
export function temporaryCredentialsRequest(
  url: string,
  callbackUrl: string,
  signer: OAuth1Signer,
  once: Once,
): ApiRequest {
  return signRequest({ method: 'POST', url }, signer, once, { oauth_callback: callbackUrl });
}

/** Second step (RFC 5849 §2.2): where the browser goes. */
export function resourceOwnerUrl(url: string, temporaryToken: string): string {
  const target = new URL(url);
  target.searchParams.set('oauth_token', temporaryToken);
  return target.href;
}

/** Third step (RFC 5849 §2.3): temporary credentials and verifier for token credentials. */
export function tokenCredentialsRequest(url: string, verifier: string, signer: OAuth1Signer, once: Once): ApiRequest {
  return signRequest({ method: 'POST', url }, signer, once, { oauth_verifier: verifier });
}

/** The request with its `Authorization: OAuth` header (RFC 5849 §3.5.1). The client must add nothing to it. */
export function signRequest(
  request: ApiRequest,
  signer: OAuth1Signer,
  once: Once,
  extra: Record<string, string> = {},
): ApiRequest {
  const protocol: Record<string, string> = {
    oauth_consumer_key: signer.consumerKey,
    oauth_nonce: once.nonce,
    oauth_signature_method: signer.method,
    oauth_timestamp: String(once.timestamp),
    oauth_version: '1.0',
    ...extra,
  };
  if (signer.token) protocol.oauth_token = signer.token.token;
  const signature = sign(signatureBase(request, protocol), signer);
  const header = Object.entries({ ...protocol, oauth_signature: signature })
    .map(([name, value]) => `${percentEncode(name)}="${percentEncode(value)}"`)
    .join(', ');
  return { ...request, as: 'nobody', headers: { ...request.headers, authorization: `OAuth ${header}` } };
}

/** The signature base string (RFC 5849 §3.4.1) of a request and its protocol parameters. */
export function signatureBase(request: ApiRequest, protocol: Record<string, string>): string {
  const url = new URL(request.url);
  const pairs: [string, string][] = [
    ...url.searchParams,
    ...plainPairs(request.query),
    ...plainPairs(request.form),
    ...Object.entries(protocol),
  ];
  const normalized = pairs
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return [request.method ?? 'GET', `${url.origin}${url.pathname}`, normalized].map(percentEncode).join('&');
}

/** Reads temporary or token credentials from a form-encoded answer; undefined when there are none in it. */
export function readOAuth1Token(response: ApiResponse): OAuth1Token | undefined {
  if (response.status < 200 || response.status > 299) return undefined;
  const fields = Object.fromEntries(new URLSearchParams(Buffer.from(response.body).toString('utf8')));
  const { oauth_token: token, oauth_token_secret: secret, ...extra } = fields;
  return token && secret !== undefined ? { token, secret, extra } : undefined;
}

function sign(base: string, signer: OAuth1Signer): string {
  const key = `${percentEncode(signer.consumerSecret)}&${percentEncode(signer.token?.secret ?? '')}`;
  return hmac(signer.method === 'HMAC-SHA1' ? 'sha1' : 'sha256', key, base).toString('base64');
}

function plainPairs(values: Record<string, string | number | boolean | undefined> | undefined): [string, string][] {
  return Object.entries(values ?? {}).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986 unreserved characters stay, everything else is escaped (RFC 5849 §3.6). */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
