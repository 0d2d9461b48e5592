import type { Grant } from '../../core/account.ts';
import { type ApiRequest, type ApiResponse, isFailure } from '../../core/http.ts';
import type { Log } from '../../core/log.ts';
import type { AuthContext, Token } from '../../core/provider.ts';
import { readTokenError } from '../../oauth/oauth2.ts';
import { expiryOf } from '../grant.ts';
import type { GrantAuth } from '../provider-access.ts';
import { type ProviderRoute, runSteps, type StepsEnd, sendToProvider } from '../provider-request.ts';

/** Seconds matter: some codes live for 30. */
const EXCHANGE_TIMEOUT_MS = 15_000;

/** Who connected, and what they granted. */
export interface Established {
  grant: Grant;
  providerUserId: string;
  label: string | undefined;
  scopes: string[] | undefined;
  zone: string | undefined;
  context: AuthContext;
}

/** The provider or the person said no. `context` holds a token when there is one to give back. */
export interface Refusal {
  reason: string;
  context: AuthContext;
  providerUserId: string | undefined;
}

/**
 * Exchanges what the callback brought for a grant and finds out whose it is. Everything that a provider can answer ends
 * in a value; only a fault of ours (or of a manifest) throws.
 */
export async function establish(
  route: ProviderRoute,
  context: AuthContext,
  request: ApiRequest,
  log: Log,
): Promise<Established | Refusal> {
  const { auth } = route.provider;
  const tokenResponse = await sendToProvider(route, context, request, EXCHANGE_TIMEOUT_MS);
  if (isFailure(tokenResponse)) return refusal('provider_unavailable', context);
  const token = isSuccess(tokenResponse) ? auth.token(tokenResponse) : undefined;
  if (!token) {
    const { status } = tokenResponse;
    log.warn({ provider: route.provider.id, status, error: readTokenError(tokenResponse) }, 'token exchange refused');
    return refusal(exchangeReason(auth, status), context);
  }
  const withToken = { ...context, token, tokenResponse };
  const steps = await runSteps(route, withToken, auth.afterToken ?? []);
  if ('stopped' in steps) {
    log.warn({ provider: route.provider.id, ...steps }, 'step after the token exchange stopped');
    return refusal(stepReason(auth, steps, withToken), withToken);
  }
  return identify(auth, { ...withToken, results: steps.done }, token);
}

function refusal(reason: string, context: AuthContext, providerUserId?: string): Refusal {
  return { reason, context, providerUserId };
}

function identify(auth: GrantAuth, context: AuthContext, token: Token): Established | Refusal {
  const { providerUserId, label } = auth.account(context);
  if (providerUserId === '') throw new Error('the manifest read an empty provider user id');
  const known = { ...context, providerUserId };
  const scopes = grantedScopes(auth, known);
  if (missesRequired(auth, scopes)) return refusal('insufficient_scopes', known, providerUserId);
  const askedAt = new Date(context.now * 1000);
  const grant: Grant = { token, ask: context.ask, version: 1, expiresAt: expiryOf(token, askedAt) };
  return { grant, providerUserId, label, scopes, zone: auth.zone?.(known), context: known };
}

/** Said by the manifest, else by the token answer, else by the callback, else what was asked for. */
function grantedScopes(auth: GrantAuth, context: AuthContext): string[] | undefined {
  if (auth.grantedScopes) return auth.grantedScopes(context);
  if (auth.scopes.length === 0 && context.requested.length === 0) return undefined;
  const inCallback = context.callback.scope?.split(/[\s,]+/).filter((scope) => scope !== '');
  return context.token?.scopes ?? (inCallback?.length ? inCallback : context.requested);
}

function missesRequired(auth: GrantAuth, granted: string[] | undefined): boolean {
  return granted !== undefined && auth.scopes.some((scope) => scope.required && !granted.includes(scope.name));
}

function isSuccess({ status }: ApiResponse): boolean {
  return status >= 200 && status < 300;
}

function exchangeReason(auth: GrantAuth, status: number): string {
  if (status === 429) return 'provider_rate_limited';
  if (status >= 500) return 'provider_unavailable';
  return auth.kind === 'credentials' && status < 500 ? 'invalid_credentials' : 'token_exchange_failed';
}

/** A step that was denied because a required scope was unticked says so. */
function stepReason(auth: GrantAuth, end: Extract<StepsEnd, { stopped: string }>, context: AuthContext): string {
  if (end.status === 429) return 'provider_rate_limited';
  if (end.outcome !== 'denied') return 'provider_unavailable';
  return missesRequired(auth, grantedScopes(auth, context)) ? 'insufficient_scopes' : 'access_denied';
}
