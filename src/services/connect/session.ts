import type { Environment } from '../../core/environment.ts';
import type { AuthFlow, WidgetSession } from '../../core/flow.ts';
import type { Aggregates } from '../../core/store.ts';
import { uuid4 } from '../../lib/ids.ts';
import { hasGrant } from '../provider-access.ts';
import type { OfferedProvider, SessionInput, SessionView } from '../services.ts';
import { appOf } from './app.ts';
import { newFlow, singleFlowId } from './flow.ts';
import { connectRequest, providerIds } from './input.ts';
import { mayConnect } from './limit.ts';
import { offersOf } from './offer.ts';
import { type ConnectPorts, LINK_SECONDS } from './ports.ts';
import { failureRedirect } from './redirects.ts';

/** Makes a widget session of 900 s. Throws `bad_request` naming `providers`, `redirect_refused`. */
export async function createSession(ports: ConnectPorts, environment: Environment, input: SessionInput) {
  const now = ports.clock.now();
  const ids = input.providers && providerIds(ports.providers, input.providers, 'providers');
  const session: WidgetSession = {
    ...connectRequest(environment, input),
    environmentId: environment.id,
    id: uuid4(),
    providers: ids && ids.length > 0 ? ids : undefined,
    disallowedProviders: providerIds(ports.providers, input.disallowedProviders ?? [], 'disallowed_providers'),
    showDisconnect: input.showDisconnect ?? false,
    createdAt: now,
    expiresAt: new Date(now.getTime() + LINK_SECONDS * 1000),
    completed: undefined,
  };
  const flow = skipsChoice(session) ? await singleFlow(ports, environment, session) : undefined;
  if (!flow) await ports.store.sessions.create(session);
  else {
    await ports.store.transaction(async (tx) => {
      await tx.sessions.create(session);
      await tx.flows.create(flow);
    });
  }
  return { sessionId: session.id, url: `${ports.publicUrl}/session/${session.id}`, expiresIn: LINK_SECONDS };
}

/** A link that names one provider leads straight to it. */
function skipsChoice(session: WidgetSession): boolean {
  return session.providers?.length === 1 && !session.showDisconnect;
}

/** The attempt of a link that skips the choice, where it can be made. It outlives the link by the time a login may take. */
async function singleFlow(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
): Promise<AuthFlow | undefined> {
  const [offer] = await offersOf(ports.store, ports, environment, session);
  if (!offer?.transport || !hasGrant(offer.provider)) return undefined;
  return newFlow({
    environment,
    provider: offer.provider,
    transport: offer.transport,
    scopes: offer.scopes,
    request: session,
    sessionId: session.id,
    id: singleFlowId(session.id),
    seconds: 2 * LINK_SECONDS,
    now: session.createdAt,
  });
}

/** What the page of a session shows; undefined: there is no such session. */
export async function viewSession(ports: ConnectPorts, sessionId: string): Promise<SessionView | undefined> {
  const { store } = ports;
  const session = await store.sessions.byId(sessionId);
  const environment = session && (await store.environments.byId(session.environmentId));
  if (!session || !environment) return undefined;
  const state = await sessionState(ports, environment, session);
  const single = state === 'open' ? await pendingSingle(ports, session) : undefined;
  const reason = { expired: 'session_expired', user_limit: 'user_limit_reached' }[state as string];
  return {
    id: session.id,
    state,
    app: appOf(environment),
    language: session.language,
    showDisconnect: session.showDisconnect,
    providers: await offeredProviders(ports, environment, session),
    completed: session.completed,
    failureRedirect: reason && session.failureUrl ? sessionFailure(ports, environment, session, reason) : undefined,
    ...(single && { single: { flowId: single.id } }),
  };
}

async function sessionState(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
): Promise<SessionView['state']> {
  if (session.completed) return 'completed';
  if (session.expiresAt <= ports.clock.now()) return 'expired';
  return (await mayConnect(ports.store, environment, session.referenceId, undefined)) ? 'open' : 'user_limit';
}

/** The attempt that was made with the session, while it can still be used. */
export async function pendingSingle(ports: ConnectPorts, session: WidgetSession): Promise<AuthFlow | undefined> {
  const flow = await ports.store.flows.byId(session.environmentId, singleFlowId(session.id));
  return flow?.state === 'pending' && flow.expiresAt > ports.clock.now() ? flow : undefined;
}

/** Where a session goes when it ends before a provider was chosen. */
export function sessionFailure(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
  reason: string,
  provider?: string,
): string {
  const result = {
    pageId: session.id,
    url: session.failureUrl,
    userId: undefined,
    referenceId: session.referenceId,
    provider: provider ?? (session.providers?.length === 1 ? session.providers[0] : undefined),
  };
  return failureRedirect(ports.publicUrl, environment.settings, result, reason);
}

async function offeredProviders(
  ports: ConnectPorts,
  environment: Environment,
  session: WidgetSession,
): Promise<OfferedProvider[]> {
  const offers = await offersOf(ports.store, ports, environment, session);
  const connections = await ownConnections(ports.store, session);
  return offers.map(({ provider, transport }) => ({
    code: provider.id,
    name: provider.name,
    logo: provider.logo,
    kind: connectKind(provider.auth.kind),
    simulated: transport === 'sandbox',
    connection: connections.get(provider.id),
  }));
}

/** By provider, the newest last so that it wins; shown only where the session lets people disconnect. */
async function ownConnections(
  tx: Aggregates,
  session: WidgetSession,
): Promise<Map<string, NonNullable<OfferedProvider['connection']>>> {
  if (!session.showDisconnect || session.referenceId === undefined) return new Map();
  const connections = await tx.connections.ofReference(session.environmentId, session.referenceId);
  const active = connections
    .filter((connection) => connection.active)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return new Map(
    active.map(({ provider, userId, account }) => [
      provider,
      { userId, state: account.state === 'active' ? 'active' : 'needs_reconnecting' },
    ]),
  );
}

/** The kinds of connecting that people and apps tell apart. */
export function connectKind(kind: 'oauth2' | 'oauth1' | 'credentials' | 'sdk' | 'none'): OfferedProvider['kind'] {
  return kind === 'oauth2' || kind === 'oauth1' ? 'oauth' : kind;
}
