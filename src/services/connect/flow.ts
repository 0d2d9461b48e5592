import type { Transport } from '../../core/account.ts';
import type { Environment } from '../../core/environment.ts';
import type { AuthFlow, ConnectRequest } from '../../core/flow.ts';
import { uuid4, uuid5 } from '../../lib/ids.ts';
import type { GrantProvider } from '../provider-access.ts';
import { LINK_SECONDS } from './ports.ts';

interface NewFlow {
  environment: Environment;
  provider: GrantProvider;
  transport: Transport;
  /** The environment's own scopes; undefined: the manifest's. */
  scopes: string[] | undefined;
  request: ConnectRequest;
  sessionId: string | undefined;
  id?: string;
  seconds?: number;
  now: Date;
}

/** One attempt to connect one provider, with the user id that it will give. */
export function newFlow(input: NewFlow): AuthFlow {
  const { referenceId, language, successUrl, failureUrl } = input.request;
  return {
    environmentId: input.environment.id,
    id: input.id ?? uuid4(),
    sessionId: input.sessionId,
    provider: input.provider.id,
    transport: input.transport,
    userId: uuid4(),
    referenceId,
    language,
    successUrl,
    failureUrl,
    scopes: scopesToAsk(input.provider, input.scopes),
    state: 'pending',
    reason: undefined,
    createdAt: input.now,
    expiresAt: new Date(input.now.getTime() + (input.seconds ?? LINK_SECONDS) * 1000),
  };
}

/** The environment's list or the manifest's defaults; required scopes are always asked for. */
function scopesToAsk(provider: GrantProvider, own: string[] | undefined): string[] {
  const { scopes } = provider.auth;
  if (!own) return scopes.filter((scope) => scope.default !== false || scope.required).map((scope) => scope.name);
  const required = scopes.filter((scope) => scope.required && !own.includes(scope.name)).map((scope) => scope.name);
  return [...required, ...own];
}

/**
 * Id of the attempt that is made together with a session that offers one provider. Derived, so that the page's GET can
 * send the browser on without writing anything.
 */
export function singleFlowId(sessionId: string): string {
  return uuid5(sessionId, 'single');
}

/** Where the browser starts an attempt. */
export function startUrl(publicUrl: string, flowId: string): string {
  return `${publicUrl}/auth/start/${flowId}`;
}
