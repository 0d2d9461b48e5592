import type { Transport } from '../../core/account.ts';
import type { Environment } from '../../core/environment.ts';
import type { WidgetSession } from '../../core/flow.ts';
import type { LoadedProvider, ProviderRegistry } from '../../core/provider.ts';
import type { Aggregates } from '../../core/store.ts';
import { chooseTransport, hasGrant } from '../provider-access.ts';

/** A provider that a session may connect, and how. */
export interface Offer {
  provider: LoadedProvider;
  /** Undefined: an on-device provider, which the app itself connects. */
  transport: Transport | undefined;
  /** The environment's own scopes; undefined: the manifest's. */
  scopes: string[] | undefined;
}

interface OfferPorts {
  providers: ProviderRegistry;
  sandbox: boolean;
}

/** What the environment and the session let a person choose from, in code order. Files have no login and are left out. */
export async function offersOf(
  tx: Aggregates,
  ports: OfferPorts,
  environment: Environment,
  session: Pick<WidgetSession, 'providers' | 'disallowedProviders'>,
): Promise<Offer[]> {
  const choices = new Map((await tx.providerChoices.list(environment.id)).map((choice) => [choice.provider, choice]));
  return ports.providers.all().flatMap((provider): Offer[] => {
    const choice = choices.get(provider.id);
    const wanted = session.providers === undefined || session.providers.includes(provider.id);
    if (!wanted || session.disallowedProviders.includes(provider.id) || choice?.enabled === false) return [];
    if (!hasGrant(provider)) {
      return provider.auth.kind === 'sdk' ? [{ provider, transport: undefined, scopes: undefined }] : [];
    }
    const transport = chooseTransport(provider, environment, {
      hasCredentials: choice?.hasCredentials ?? false,
      sandbox: ports.sandbox,
    });
    return transport ? [{ provider, transport, scopes: choice?.scopes }] : [];
  });
}
