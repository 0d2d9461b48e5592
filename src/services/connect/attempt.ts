import type { Environment } from '../../core/environment.ts';
import type { AuthFlow } from '../../core/flow.ts';
import type { AuthContext } from '../../core/provider.ts';
import { uuid4 } from '../../lib/ids.ts';
import { clientCredentials, type GrantProvider, hasGrant } from '../provider-access.ts';
import type { ProviderRoute } from '../provider-request.ts';
import type { ConnectPorts } from './ports.ts';
import { failureRedirect, type Result, successRedirect } from './redirects.ts';

/** An attempt with the rows it belongs to. */
export interface Attempt {
  flow: AuthFlow;
  environment: Environment;
  provider: GrantProvider;
}

/** Puts a flow together with its environment and provider; undefined when one of them is gone. */
export async function attemptOf(ports: ConnectPorts, flow: AuthFlow | undefined): Promise<Attempt | undefined> {
  const environment = flow && (await ports.store.environments.byId(flow.environmentId));
  const provider = flow && ports.providers.find(flow.provider);
  return flow && environment && provider && hasGrant(provider) ? { flow, environment, provider } : undefined;
}

export function routeOf(ports: ConnectPorts, { provider, flow }: Attempt): ProviderRoute {
  return { client: ports.client, provider, transport: flow.transport };
}

/** What the manifest's functions see; undefined when the client's credentials were taken away meanwhile. */
export async function contextOf(
  ports: ConnectPorts,
  { flow, provider }: Attempt,
  callback: Record<string, string>,
): Promise<AuthContext | undefined> {
  const credentials = await clientCredentials(ports.store, flow.environmentId, provider, flow.transport);
  if (!credentials) return undefined;
  return {
    credentials,
    ask: {},
    redirectUri: redirectUri(ports.publicUrl, provider),
    callback,
    requested: flow.scopes,
    results: {},
    memberId: uuid4(),
    now: Math.floor(ports.clock.now().getTime() / 1000),
  };
}

/** The callback address that operators register at the provider. */
export function redirectUri(publicUrl: string, provider: GrantProvider): string {
  const step = provider.auth.kind === 'oauth1' ? 'oauth1' : 'oauth2';
  return `${publicUrl}/v2/auth/${provider.id.toLowerCase()}/${step}`;
}

/** The key that makes states, code verifiers and sealed temporary secrets of an environment's attempts. */
export function stateKey(ports: ConnectPorts, environmentId: string): Promise<Uint8Array> {
  return ports.store.environments.deriveKey(environmentId, 'state');
}

function resultOf(flow: AuthFlow, url: string | undefined): Result {
  const { userId, referenceId, provider } = flow;
  return { pageId: flow.sessionId ?? flow.id, url, userId, referenceId, provider };
}

export function successUrl(ports: ConnectPorts, { flow, environment }: Attempt): string {
  return successRedirect(ports.publicUrl, environment.settings, resultOf(flow, flow.successUrl));
}

export function failureUrl(ports: ConnectPorts, { flow, environment }: Attempt, reason: string): string {
  return failureRedirect(ports.publicUrl, environment.settings, resultOf(flow, flow.failureUrl), reason);
}

/** Our own success page, for links that are opened again: the app must not see a second success. */
export function ownSuccessUrl(ports: ConnectPorts, { flow, environment }: Attempt): string {
  return successRedirect(ports.publicUrl, environment.settings, resultOf(flow, undefined));
}
