import type { Grant, Transport } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { ProviderClient } from '../core/outbound.ts';
import type { Outcome } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import { clientCredentials, type GrantProvider } from './provider-access.ts';
import { runSteps } from './provider-request.ts';

const STEP_TIMEOUT_MS = 5_000;

/** Whose grant is taken back. */
export interface Revocable {
  environmentId: string;
  providerUserId: string;
  transport: Transport;
  memberId: string;
  grant: Grant;
}

/** Answers that a later try cannot better: the grant is gone already, or the provider will never do it. */
const FINAL: readonly (Outcome | 'no_answer')[] = ['denied', 'reauth', 'gone', 'invalid', 'give_up'];

/**
 * Runs the provider's revoke steps, each bounded to 5 s. `later`: the provider was not there, try again.
 * A provider without revoke steps has nothing to take back.
 */
export async function revokeGrant(
  ports: { store: Store; clock: Clock; client: ProviderClient },
  provider: GrantProvider,
  revocable: Revocable,
): Promise<'done' | 'later'> {
  const { revoke } = provider.auth;
  if (!revoke) return 'done';
  const { environmentId, transport, grant, providerUserId, memberId } = revocable;
  const credentials = await clientCredentials(ports.store, environmentId, provider, transport);
  if (!credentials) return 'later';
  const context = {
    credentials,
    ask: grant.ask,
    redirectUri: '',
    callback: {},
    requested: [],
    token: grant.token,
    results: {},
    providerUserId,
    memberId,
    now: Math.floor(ports.clock.now().getTime() / 1000),
  };
  const end = await runSteps({ client: ports.client, provider, transport }, context, revoke, STEP_TIMEOUT_MS);
  return 'done' in end || FINAL.includes(end.outcome) ? 'done' : 'later';
}
