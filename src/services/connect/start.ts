import { randomBytes } from 'node:crypto';
import { isFailure } from '../../core/http.ts';
import type { AuthContext, OAuth1Auth } from '../../core/provider.ts';
import { isUuid } from '../../lib/ids.ts';
import { readOAuth1Token, resourceOwnerUrl, temporaryCredentialsRequest } from '../../oauth/oauth1.ts';
import { authorizeUrl } from '../../oauth/oauth2.ts';
import { codeChallenge } from '../../oauth/pkce.ts';
import { codeVerifier, makeState } from '../../oauth/state.ts';
import { once, sendToProvider, signer } from '../provider-request.ts';
import type { Onward } from '../services.ts';
import { appOf } from './app.ts';
import { type Attempt, attemptOf, contextOf, failureUrl, ownSuccessUrl, routeOf, stateKey } from './attempt.ts';
import { bindBrowser, type TemporaryToken } from './browser.ts';
import { singleFlowId } from './flow.ts';
import { mayConnect } from './limit.ts';
import type { ConnectPorts } from './ports.ts';

/**
 * `/auth/start/<id>`: sends the browser to the provider's login with a fresh state, bound to it by a cookie. Writes
 * nothing, so it may be opened again (link previews, the back button).
 */
export async function startFlow(ports: ConnectPorts, flowId: string): Promise<Onward> {
  const flow = isUuid(flowId) ? await ports.store.flows.lookup(flowId) : undefined;
  const attempt = await attemptOf(ports, flow);
  if (!attempt) return { kind: 'failure', reason: 'session_expired' };
  const { environment } = attempt;
  if (attempt.flow.state === 'connected') return { kind: 'redirect', url: ownSuccessUrl(ports, attempt) };
  const refused = await refusal(ports, attempt);
  if (refused) return { kind: 'redirect', url: failureUrl(ports, attempt, refused) };
  const context = await contextOf(ports, attempt, {});
  const key = await stateKey(ports, environment.id);
  const state = makeState(key, { environmentId: environment.id, flowId }, randomBytes(16));
  const login = context && (await loginPage(ports, attempt, context, { key, state }));
  if (!login)
    return { kind: 'failure', reason: 'provider_unavailable', app: appOf(environment), language: flow?.language };
  return {
    kind: 'redirect',
    url: ports.addresses.toBrowser(attempt.provider.id, login.url, attempt.flow.transport),
    cookies: [bindBrowser(key, flowId, state, login.temporary)],
  };
}

/** Why an attempt cannot begin; undefined: it can. */
async function refusal(ports: ConnectPorts, { flow, environment }: Attempt): Promise<string | undefined> {
  if (flow.state === 'failed') return flow.reason ?? 'invalid_state';
  if (await hasRunOut(ports, flow)) return 'session_expired';
  const may = await mayConnect(ports.store, environment, flow.referenceId, flow.provider);
  return may ? undefined : 'user_limit_reached';
}

/** The attempt of a single-provider link begins when the link is opened, so the link's own life counts until then. */
async function hasRunOut(ports: ConnectPorts, flow: Attempt['flow']): Promise<boolean> {
  const now = ports.clock.now();
  if (flow.expiresAt <= now) return true;
  if (flow.sessionId === undefined || flow.id !== singleFlowId(flow.sessionId)) return false;
  const session = await ports.store.sessions.byId(flow.sessionId);
  return !session || session.expiresAt <= now;
}

interface LoginPage {
  /** In the provider's real host. */
  url: string;
  temporary?: TemporaryToken;
}

interface Secrets {
  key: Uint8Array;
  state: string;
}

/** Undefined: the provider gave no temporary credentials, or its login is a form of ours. */
async function loginPage(
  ports: ConnectPorts,
  attempt: Attempt,
  context: AuthContext,
  { key, state }: Secrets,
): Promise<LoginPage | undefined> {
  const { auth } = attempt.provider;
  if (auth.kind === 'credentials') return undefined;
  if (auth.kind === 'oauth1') return temporaryLogin(ports, attempt, auth, context, state);
  const challenge = auth.authorize.pkce ? await codeChallenge(codeVerifier(key, state)) : undefined;
  return { url: authorizeUrl(auth, context, { state, codeChallenge: challenge }) };
}

async function temporaryLogin(
  ports: ConnectPorts,
  attempt: Attempt,
  auth: OAuth1Auth,
  context: AuthContext,
  state: string,
): Promise<LoginPage | undefined> {
  const signs = signer(attempt.provider, context);
  if (!signs) return undefined;
  const callbackUrl = `${context.redirectUri}?state=${state}`;
  const request = temporaryCredentialsRequest(auth.requestToken.url, callbackUrl, signs, once(context));
  const answer = await sendToProvider(routeOf(ports, attempt), context, request);
  const temporary = isFailure(answer) ? undefined : readOAuth1Token(answer);
  return temporary && { url: resourceOwnerUrl(auth.authorize.url, temporary.token), temporary };
}
