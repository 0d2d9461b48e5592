import { randomBytes } from 'node:crypto';
import type { Transport } from '../core/account.ts';
import { type ApiRequest, type ApiResponse, isFailure, type TransportFailure } from '../core/http.ts';
import type { ProviderClient } from '../core/outbound.ts';
import type { AuthContext, Outcome, Step } from '../core/provider.ts';
import { type OAuth1Signer, type Once, signRequest } from '../oauth/oauth1.ts';
import type { GrantProvider } from './provider-access.ts';

/** Where the requests of one account go. */
export interface ProviderRoute {
  client: ProviderClient;
  provider: GrantProvider;
  transport: Transport;
}

/** Sends a request with whatever the context can prove: the client, the token, an OAuth 1.0a signature. */
export function sendToProvider(
  route: ProviderRoute,
  context: AuthContext,
  request: ApiRequest,
  timeoutMs?: number,
): Promise<ApiResponse | TransportFailure> {
  const { client_id: id, client_secret: secret } = context.credentials;
  const signed = signer(route.provider, context);
  const asBearer = (request.as ?? 'bearer') === 'bearer';
  return route.client.send({
    provider: route.provider,
    transport: route.transport,
    request: signed?.token && asBearer ? signRequest(request, signed, once(context)) : request,
    ...(context.token && { accessToken: context.token.accessToken }),
    ...(id !== undefined && { basic: { id, secret: secret ?? '' } }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

/** Signs for the app, and for the person once the context has a token; undefined for other kinds of providers. */
export function signer(provider: GrantProvider, context: AuthContext): OAuth1Signer | undefined {
  if (provider.auth.kind !== 'oauth1') return undefined;
  const { token } = context;
  return {
    method: provider.auth.signature,
    consumerKey: context.credentials.client_id ?? '',
    consumerSecret: context.credentials.client_secret ?? '',
    ...(token && { token: { token: token.accessToken, secret: token.tokenSecret ?? '' } }),
  };
}

/** Nonce and time of one signature. */
export function once(context: AuthContext): Once {
  return { nonce: randomBytes(16).toString('hex'), timestamp: context.now };
}

/** How a row of steps ended: all answers, or the step that stopped it. */
export type StepsEnd =
  | { done: Record<string, ApiResponse> }
  | { stopped: string; outcome: Outcome | 'no_answer'; status: number | undefined };

const PASSED: readonly Outcome[] = ['ok', 'accepted', 'duplicate', 'empty'];

/** Runs steps in order, each seeing the answers of those before; stops at the first that does not pass. */
export async function runSteps(
  route: ProviderRoute,
  context: AuthContext,
  steps: Step[],
  timeoutMs?: number,
): Promise<StepsEnd> {
  let results = context.results;
  for (const step of steps) {
    const seen = { ...context, results };
    const request = step.request(seen);
    if (!request) continue;
    const answer = await sendToProvider(route, seen, request, timeoutMs);
    if (isFailure(answer)) return { stopped: step.name, outcome: 'no_answer', status: undefined };
    const outcome = step.outcome?.(answer) ?? outcomeOf(answer);
    if (!PASSED.includes(outcome)) return { stopped: step.name, outcome, status: answer.status };
    results = { ...results, [step.name]: answer };
  }
  return { done: results };
}

function outcomeOf({ status }: ApiResponse): Outcome {
  if (status >= 200 && status < 300) return 'ok';
  if (status === 401 || status === 403) return 'denied';
  return status === 429 || status >= 500 ? 'retry' : 'give_up';
}
