import type { Environment } from '../../core/environment.ts';
import type { WidgetSession } from '../../core/flow.ts';
import { Problem } from '../../core/problem.ts';
import type { LoadedProvider } from '../../core/provider.ts';
import { isUuid } from '../../lib/ids.ts';
import { chooseTransport, hasGrant } from '../provider-access.ts';
import type { Onward, SessionInput } from '../services.ts';
import { newFlow, startUrl } from './flow.ts';
import { connectRequest } from './input.ts';
import { mayConnect } from './limit.ts';
import { type Offer, offersOf } from './offer.ts';
import type { ConnectPorts } from './ports.ts';
import { successRedirect } from './redirects.ts';
import { pendingSingle, sessionFailure } from './session.ts';

/**
 * The person picked a provider on the page of a session. A login gets an attempt and its start link; an on-device
 * provider goes straight back to the app. Throws `not_found`, `provider_not_found`, `provider_not_enabled`.
 */
export async function chooseProvider(ports: ConnectPorts, sessionId: string, code: string): Promise<Onward> {
  const session = isUuid(sessionId) ? await ports.store.sessions.byId(sessionId) : undefined;
  const environment = session && (await ports.store.environments.byId(session.environmentId));
  if (!session || !environment) throw new Problem('not_found');
  if (session.completed) return { kind: 'redirect', url: ownSuccessPage(ports, environment, session) };
  if (session.expiresAt <= ports.clock.now()) return refuse(ports, environment, session, 'session_expired');
  const offer = await findOffer(ports, environment, session, code);
  if (!(await mayConnect(ports.store, environment, session.referenceId, offer.provider.id))) {
    return refuse(ports, environment, session, 'user_limit_reached', offer.provider);
  }
  const { provider, transport, scopes } = offer;
  if (!transport || !hasGrant(provider)) return completeOnDevice(ports, environment, session, provider);
  const single = await pendingSingle(ports, session);
  const flow =
    single?.provider === provider.id
      ? single
      : newFlow({
          environment,
          provider,
          transport,
          scopes,
          request: session,
          sessionId: session.id,
          now: ports.clock.now(),
        });
  if (flow !== single) await ports.store.flows.create(flow);
  return { kind: 'redirect', url: startUrl(ports.publicUrl, flow.id) };
}

async function findOffer(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
  code: string,
): Promise<Offer> {
  const provider = ports.providers.find(code);
  if (!provider) throw new Problem('provider_not_found');
  const offers = await offersOf(ports.store, ports, environment, session);
  const offer = offers.find((row) => row.provider.id === provider.id);
  if (!offer) throw new Problem('provider_not_enabled');
  return offer;
}

function refuse(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
  reason: string,
  provider?: LoadedProvider,
): Onward {
  return { kind: 'redirect', url: sessionFailure(ports, environment, session, reason, provider?.id) };
}

/** On-device providers are connected by the app through the mobile SDK: there is no user and no event yet. */
async function completeOnDevice(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
  provider: LoadedProvider,
): Promise<Onward> {
  await ports.store.sessions.complete(session.id, undefined, provider.id);
  const url = successRedirect(ports.publicUrl, environment.settings, {
    pageId: session.id,
    url: session.successUrl,
    userId: undefined,
    referenceId: session.referenceId,
    provider: provider.id,
  });
  return { kind: 'redirect', url };
}

/** A link that was used already shows our page, so that the app does not see a second success. */
function ownSuccessPage(ports: ConnectPorts, environment: Environment, session: WidgetSession): string {
  return successRedirect(ports.publicUrl, environment.settings, {
    pageId: session.id,
    url: undefined,
    userId: session.completed?.userId,
    referenceId: session.referenceId,
    provider: session.completed?.provider,
  });
}

/**
 * One attempt without the widget: the pre-allocated user id and our own start link, good for 900 s.
 * Throws `provider_not_found`, `provider_not_enabled`, `sdk_only`, `credentials_missing`, `redirect_refused`, `user_limit`.
 */
export async function authenticateUser(
  ports: ConnectPorts,
  environment: Environment,
  code: string,
  input: SessionInput,
): Promise<{ userId: string; authUrl: string }> {
  const provider = ports.providers.find(code.trim());
  if (!provider) throw new Problem('provider_not_found');
  const choice = await ports.store.providerChoices.get(environment.id, provider.id);
  if (!choice.enabled) throw new Problem('provider_not_enabled');
  if (provider.auth.kind === 'sdk') throw new Problem('sdk_only');
  if (!hasGrant(provider)) {
    throw new Problem('bad_request', { field: 'resource', detail: 'this provider has no login; upload its files' });
  }
  const transport = chooseTransport(provider, environment, {
    hasCredentials: choice.hasCredentials,
    sandbox: ports.sandbox,
  });
  if (!transport) throw new Problem('credentials_missing');
  const request = connectRequest(environment, input);
  if (!(await mayConnect(ports.store, environment, request.referenceId, provider.id))) throw new Problem('user_limit');
  const { scopes } = choice;
  const now = ports.clock.now();
  const flow = newFlow({ environment, provider, transport, scopes, request, sessionId: undefined, now });
  await ports.store.flows.create(flow);
  return { userId: flow.userId, authUrl: startUrl(ports.publicUrl, flow.id) };
}
