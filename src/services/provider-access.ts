import type { Transport } from '../core/account.ts';
import type { Environment } from '../core/environment.ts';
import type { Auth, LoadedProvider, NoAuth } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import { randomSecret, uuid4 } from '../lib/ids.ts';

/** Providers whose accounts hold a grant: everything but devices and files. */
export type GrantAuth = Exclude<Auth, NoAuth>;

export type GrantProvider = LoadedProvider & { auth: GrantAuth };

/** True for providers that people log in to. */
export function hasGrant(provider: LoadedProvider): provider is GrantProvider {
  return provider.auth.kind !== 'sdk' && provider.auth.kind !== 'none';
}

/**
 * Which account a new connection gets: the operator's own app where its credentials are stored, else the simulated
 * provider (never in production); undefined when no connection can be made.
 */
export function chooseTransport(
  provider: LoadedProvider,
  environment: Environment | undefined,
  options: { hasCredentials: boolean; sandbox: boolean },
): Transport | undefined {
  if (options.hasCredentials) return 'live';
  const simulated = options.sandbox && provider.simulated && environment?.kind !== 'production';
  return simulated ? 'sandbox' : undefined;
}

/** The client's fields at this transport; undefined when the operator has taken the live ones away. */
export async function clientCredentials(
  store: Store,
  environmentId: string,
  provider: LoadedProvider,
  transport: Transport,
): Promise<Record<string, string> | undefined> {
  if (transport === 'live') return store.providerChoices.credentials(environmentId, provider.id);
  return store.providerChoices.sandboxCredentials(environmentId, provider.id, () => sandboxClient(provider));
}

/** A client for the simulated provider: real secrets, so that signatures of its pushes are real. */
function sandboxClient(provider: LoadedProvider): Record<string, string> {
  const fields = provider.credentials.map((field): [string, string] => {
    const fixed = field.default ?? field.choices?.[0]?.value;
    return [field.name, fixed === undefined ? randomSecret() : String(fixed)];
  });
  return { ...Object.fromEntries(fields), client_id: uuid4(), client_secret: randomSecret() };
}
