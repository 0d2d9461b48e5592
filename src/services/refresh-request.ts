import type { Account, Grant } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { type ApiRequest, type ApiResponse, isFailure, type TransportFailure } from '../core/http.ts';
import type { AuthContext, Token } from '../core/provider.ts';
import { readTokenError, refreshRequest } from '../oauth/oauth2.ts';
import type { GrantAuth } from './provider-access.ts';
import { type ProviderRoute, sendToProvider } from './provider-request.ts';

/** What came out of asking for a new token. `later`: the grant is as good as before, ask again. */
export type RefreshAnswer =
  | { token: Token; askedAt: Date }
  | { dead: true }
  | { later: string; status?: number; retryAfterSeconds?: number };

/** Failures after which the provider may have seen the request; after the others it has not. */
const MAYBE_SENT: readonly TransportFailure['failed'][] = ['timeout', 'reset', 'aborted', 'too_large', 'other'];

/**
 * Asks for a new token. When the answer is lost the same refresh token is sent exactly once more: either the first was
 * never used, or the provider has a grace for it. Only the provider's own word ends a grant.
 */
export async function requestRefresh(
  route: ProviderRoute,
  account: Account,
  grant: Grant,
  credentials: Record<string, string>,
  clock: Clock,
): Promise<RefreshAnswer> {
  const askedAt = clock.now();
  const context = contextOf(account, grant, credentials, askedAt);
  const request = requestOf(route.provider.auth, context);
  if (!request) return { later: 'not refreshable' };
  let answer = await sendToProvider(route, context, request);
  if (isFailure(answer) && MAYBE_SENT.includes(answer.failed)) answer = await sendToProvider(route, context, request);
  return isFailure(answer) ? { later: answer.failed } : read(route.provider.auth, answer, askedAt, clock);
}

function contextOf(account: Account, grant: Grant, credentials: Record<string, string>, now: Date): AuthContext {
  return {
    credentials,
    ask: grant.ask,
    redirectUri: '',
    callback: {},
    requested: account.scopes ?? [],
    token: grant.token,
    results: {},
    providerUserId: account.providerUserId,
    memberId: account.memberId,
    now: Math.floor(now.getTime() / 1000),
  };
}

function requestOf(auth: GrantAuth, context: AuthContext): ApiRequest | undefined {
  if (auth.kind === 'oauth2') return refreshRequest(auth, context);
  return auth.kind === 'credentials' ? auth.refresh?.request(context) : undefined;
}

function read(auth: GrantAuth, answer: ApiResponse, askedAt: Date, clock: Clock): RefreshAnswer {
  const { status } = answer;
  if (status === 429 || status >= 500) {
    const retryAfterSeconds = retryAfter(answer, clock);
    return { later: 'refused for now', status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  }
  if (auth.isDead(answer)) return { dead: true };
  const token = status >= 200 && status < 300 ? auth.token(answer) : undefined;
  // Anything else (a wrong client secret, an unknown answer) is the operator's matter: the person's grant still stands.
  return token ? { token, askedAt } : { later: readTokenError(answer) ?? 'no token in the answer', status };
}

/** Seconds from `Retry-After`, which is a number or an HTTP date (RFC 9110 §10.2.3). */
function retryAfter({ headers }: ApiResponse, clock: Clock): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - clock.now().getTime()) / 1000);
}
