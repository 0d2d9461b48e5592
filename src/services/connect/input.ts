import type { Environment } from '../../core/environment.ts';
import type { ConnectRequest } from '../../core/flow.ts';
import { Problem } from '../../core/problem.ts';
import type { ProviderRegistry } from '../../core/provider.ts';
import type { SessionInput } from '../services.ts';
import { checkRedirect } from './redirect-target.ts';

/** The part of an app's input that sessions and single attempts share, checked. Throws `redirect_refused`, `bad_request`. */
export function connectRequest(environment: Environment, input: SessionInput): ConnectRequest {
  const allowList = environment.settings.redirect_allow_list;
  return {
    referenceId: referenceOf(input.referenceId),
    language: languageOf(input.language),
    successUrl: checkRedirect(input.successUrl, allowList, 'auth_success_redirect_url'),
    failureUrl: checkRedirect(input.failureUrl, allowList, 'auth_failure_redirect_url'),
  };
}

function referenceOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // The one character that PostgreSQL cannot store in a text.
  if (text.includes('\u0000'))
    throw new Problem('bad_request', { field: 'reference_id', detail: 'invalid reference_id' });
  return text;
}

/** ISO 639 code in lower case, region cut off; anything else is as good as none. */
function languageOf(text: string | undefined): string | undefined {
  return /^\s*([a-z]{2,3})(?:[-_][a-z0-9-_]*)?\s*$/i.exec(text ?? '')?.[1]?.toLowerCase();
}

/** Provider ids for what an app wrote, in any case, aliases resolved. Throws `bad_request` naming `field`. */
export function providerIds(registry: ProviderRegistry, codes: string[], field: string): string[] {
  const ids = codes
    .map((code) => code.trim())
    .filter((code) => code !== '')
    .map((code) => {
      const provider = registry.find(code);
      if (!provider)
        throw new Problem('bad_request', { field, detail: `${field}: there is no provider ${shown(code)}` });
      return provider.id;
    });
  return [...new Set(ids)];
}

function shown(code: string): string {
  return code.slice(0, 40).replace(/[^\w.-]/g, '?');
}
