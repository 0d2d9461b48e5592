import type { Grant } from '../core/account.ts';
import type { Token } from '../core/provider.ts';
import type { GrantAuth } from './provider-access.ts';

/** When the token of an answer runs out. `askedAt` is the time before the request, so that the estimate is never late. */
export function expiryOf(token: Token, askedAt: Date): Date | undefined {
  if (token.expiresAt !== undefined) return new Date(token.expiresAt * 1000);
  return token.expiresIn === undefined ? undefined : new Date(askedAt.getTime() + token.expiresIn * 1000);
}

/** When the engine looks at the grant again: before expiry where it can be refreshed, at expiry where it cannot. */
export function refreshDueAt(auth: GrantAuth, grant: Grant): Date | undefined {
  if (!grant.expiresAt) return undefined;
  return isRefreshable(auth, grant) ? new Date(grant.expiresAt.getTime() - auth.refreshSkew * 1000) : grant.expiresAt;
}

export function isRefreshable(auth: GrantAuth, grant: Grant): boolean {
  if (auth.kind === 'oauth1' || !auth.refresh) return false;
  return auth.kind === 'credentials' || grant.token.refreshToken !== undefined;
}

/** The grant after a refresh: what the answer leaves out stays (RFC 6749 §6: a refresh token that is not renewed). */
export function renewed(grant: Grant, token: Token, askedAt: Date): Grant {
  const { expiresIn: _in, expiresAt: _at, ...kept } = grant.token;
  const merged: Token = { ...kept, ...token };
  if (grant.token.extra || token.extra) merged.extra = { ...grant.token.extra, ...token.extra };
  return { ...grant, token: merged, version: grant.version + 1, expiresAt: expiryOf(token, askedAt) };
}
