import type { ApiRequest } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import type { AuthContext } from '../../core/provider.ts';
import { tokenCredentialsRequest } from '../../oauth/oauth1.ts';
import { exchangeRequest, readCallbackError } from '../../oauth/oauth2.ts';
import { codeVerifier, readState, verifyState } from '../../oauth/state.ts';
import { once, signer } from '../provider-request.ts';
import type { CallbackInput, Onward } from '../services.ts';
import { appOf } from './app.ts';
import { type Attempt, attemptOf, contextOf, failureUrl, routeOf, stateKey, successUrl } from './attempt.ts';
import { isSameBrowser, releaseBrowser, temporaryToken } from './browser.ts';
import { type Established, establish, type Refusal } from './establish.ts';
import { failFlow } from './fail.ts';
import { giveBack } from './give-back.ts';
import type { ConnectPorts } from './ports.ts';
import { settle } from './settle.ts';

/** An attempt whose callback has come, with the key that its state was verified with. */
interface Called extends Attempt {
  key: Uint8Array;
  input: CallbackInput;
}

/**
 * The provider sent the browser back. The state must be ours and unused; another browser than the one that started is
 * asked to confirm. Then exactly one of: connected, or failed with a reason; both are told to the app by an event.
 */
export async function finishFlow(ports: ConnectPorts, input: CallbackInput): Promise<Onward> {
  const called = await readCallback(ports, input);
  if (!called) return { kind: 'failure', reason: 'invalid_state' };
  const { flow, environment, provider } = called;
  if (flow.state !== 'pending') return alreadyEnded(ports, called);
  if (flow.expiresAt <= ports.clock.now()) return fail(ports, called, 'session_expired');
  if (!input.confirmed && !isSameBrowser(flow.id, input.query.state ?? '', input.cookies)) {
    return { kind: 'confirm', app: appOf(environment), providerName: provider.name, language: flow.language };
  }
  const taken = await ports.store.flows.consume(environment.id, flow.id, ports.clock.now());
  if (!taken) return alreadyEnded(ports, called);
  const error = readCallbackError(input.query);
  return error ? fail(ports, called, error) : connect(ports, called);
}

/** Finds the attempt that the state names, with nothing believed before its MAC is checked. */
async function readCallback(ports: ConnectPorts, input: CallbackInput): Promise<Called | undefined> {
  const state = input.query.state ?? '';
  const ids = readState(state);
  const environment = ids && (await ports.store.environments.byId(ids.environmentId));
  if (!environment) return undefined;
  const key = await stateKey(ports, environment.id);
  if (!verifyState(key, state)) return undefined;
  const attempt = await attemptOf(ports, await ports.store.flows.byId(environment.id, ids.flowId));
  const answersFor = ports.providers.find(input.provider)?.id;
  return attempt && attempt.provider.id === answersFor ? { ...attempt, key, input } : undefined;
}

async function connect(ports: ConnectPorts, called: Called): Promise<Onward> {
  const { flow, provider } = called;
  try {
    const established = await establishCalled(ports, called);
    if ('reason' in established) return await refuse(ports, called, established);
    const settled = await settle(ports, called, established);
    if ('connected' in settled) return onward(flow.id, successUrl(ports, called));
    return await refuse(ports, called, { ...established, reason: settled.refused });
  } catch (error) {
    // A fault of ours or of the manifest: the person gets an answer, the app its event, the operator the stack.
    ports.log.error({ provider: provider.id, flowId: flow.id, error: nameOf(error) }, 'connecting failed');
    return fail(ports, called, 'internal_error');
  }
}

/** Messages of unknown errors may quote an answer's body; the place says enough. */
function nameOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (!(error instanceof Error)) return 'unknown';
  const at = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return `${error.name} ${at?.trim() ?? ''}`.trim();
}

async function establishCalled(ports: ConnectPorts, called: Called): Promise<Established | Refusal> {
  const context = await contextOf(ports, called, called.input.query);
  if (!context) throw new Error('the client credentials of a pending attempt are gone');
  const exchange = exchangeOf(called, context);
  if (!exchange) return { reason: 'invalid_state', context, providerUserId: undefined };
  return establish(routeOf(ports, called), exchange.context, exchange.request, ports.log);
}

/** The request that turns the callback into a grant; undefined when the callback or the cookie lacks what it needs. */
function exchangeOf(
  { provider, flow, key, input }: Called,
  context: AuthContext,
): { request: ApiRequest; context: AuthContext } | undefined {
  const { auth } = provider;
  if (auth.kind === 'credentials') return { request: auth.exchange.request(context), context };
  if (auth.kind === 'oauth2') {
    if (!input.query.code) return undefined;
    const verifier = auth.authorize.pkce ? codeVerifier(key, input.query.state ?? '') : undefined;
    return { request: exchangeRequest(auth, context, verifier), context };
  }
  const temporary = temporaryToken(key, flow.id, input.cookies);
  const verifier = input.query.oauth_verifier;
  if (!temporary || !verifier || input.query.oauth_token !== temporary.token) return undefined;
  const token = { accessToken: temporary.token, tokenSecret: temporary.secret };
  const signs = signer(provider, { ...context, token });
  return signs && { request: tokenCredentialsRequest(auth.exchange.url, verifier, signs, once(context)), context };
}

/** Ends the attempt, after giving back at the provider what is not going to be used. */
async function refuse(ports: ConnectPorts, called: Called, refusal: Refusal): Promise<Onward> {
  const unwanted = refusal.reason === 'insufficient_scopes' || refusal.reason === 'user_limit_reached';
  if (unwanted) await giveBack(ports, called, refusal.context, refusal.providerUserId);
  return fail(ports, called, refusal.reason);
}

async function fail(ports: ConnectPorts, called: Called, reason: string): Promise<Onward> {
  await failFlow(ports, called.environment, called.flow, reason);
  return onward(called.flow.id, failureUrl(ports, called, reason));
}

/** A second callback changes nothing. */
function alreadyEnded(ports: ConnectPorts, called: Called): Onward {
  const reason = called.flow.reason === 'session_expired' ? 'session_expired' : 'invalid_state';
  return onward(called.flow.id, failureUrl(ports, called, reason));
}

function onward(flowId: string, url: string): Onward {
  return { kind: 'redirect', url, cookies: [releaseBrowser(flowId)] };
}
