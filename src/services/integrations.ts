import type { DataType } from '../core/data-type.ts';
import type { Environment, ProviderChoice } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { LoadedProvider, ProviderRegistry } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import { connectKind } from './connect/session.ts';
import { checkFields } from './fields.ts';
import { chooseTransport, hasGrant } from './provider-access.ts';
import { describeProvider } from './provider-description.ts';
import type { IntegrationRow, IntegrationService } from './services.ts';

export interface IntegrationPorts {
  store: Store;
  providers: ProviderRegistry;
  /** Whether simulated providers may be connected. */
  sandbox: boolean;
}

/** What a scope may look like on the wire (RFC 6749 §3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The providers of the server, and what an environment chose of them. */
export function createIntegrationService(ports: IntegrationPorts): IntegrationService {
  const { store } = ports;
  return {
    codes: (environment) => codes(ports, environment),
    list: (environment) => list(ports, environment),
    show: async (code) => describeProvider(find(ports, code)),
    setEnabled: async (environment, code, enabled) =>
      store.providerChoices.setEnabled(environment.id, find(ports, code).id, enabled),
    setScopes: async (environment, code, scopes) =>
      store.providerChoices.setScopes(environment.id, find(ports, code).id, scopes && checkScopes(scopes)),
    setCredentials: async (environment, code, values) => setCredentials(ports, environment, find(ports, code), values),
  };
}

function find(ports: IntegrationPorts, code: string): LoadedProvider {
  const provider = ports.providers.find(code.trim());
  if (!provider) throw new Problem('provider_not_found');
  return provider;
}

async function list(ports: IntegrationPorts, environment: Environment | undefined): Promise<IntegrationRow[]> {
  const choices = environment ? await ports.store.providerChoices.list(environment.id) : [];
  const byProvider = new Map(choices.map((choice) => [choice.provider, choice]));
  return ports.providers.all().map((provider) => rowOf(ports, environment, provider, byProvider.get(provider.id)));
}

function rowOf(
  ports: IntegrationPorts,
  environment: Environment | undefined,
  provider: LoadedProvider,
  choice: ProviderChoice | undefined,
): IntegrationRow {
  const hasCredentials = choice?.hasCredentials ?? false;
  const transport = hasGrant(provider)
    ? (chooseTransport(provider, environment, { hasCredentials, sandbox: ports.sandbox }) ?? 'unavailable')
    : 'device';
  return {
    code: provider.id,
    name: provider.name,
    kind: connectKind(provider.auth.kind),
    enabled: choice?.enabled ?? true,
    transport,
    types: Object.keys(provider.dataTypes) as DataType[],
    capabilities: provider.capabilities,
  };
}

/** Codes that are enabled. Files have no login and stand in neither list. */
async function codes(ports: IntegrationPorts, environment: Environment | undefined) {
  const rows = (await list(ports, environment)).filter((row) => row.enabled);
  return {
    providers: rows.filter((row) => row.kind === 'oauth' || row.kind === 'credentials').map((row) => row.code),
    sdk: rows.filter((row) => row.kind === 'sdk').map((row) => row.code),
  };
}

/** Names beyond the manifest's are allowed: providers add scopes before manifests know them. */
function checkScopes(scopes: string[]): string[] {
  const trimmed = scopes.map((scope) => scope.trim()).filter((scope) => scope !== '');
  if (trimmed.some((scope) => !SCOPE.test(scope))) {
    throw new Problem('bad_request', {
      field: 'scopes',
      detail: 'scopes: a scope has no blanks, quotes or backslashes',
    });
  }
  return [...new Set(trimmed)];
}

/** Given values go over those that are stored, so that one secret can be replaced alone. */
async function setCredentials(
  ports: IntegrationPorts,
  environment: Environment,
  provider: LoadedProvider,
  values: Record<string, string>,
): Promise<void> {
  const stored = await ports.store.providerChoices.credentials(environment.id, provider.id);
  const known = Object.entries(stored ?? {}).filter(([name]) =>
    provider.credentials.some((field) => field.name === name),
  );
  const checked = checkFields(provider.credentials, { ...Object.fromEntries(known), ...values });
  const texts = Object.fromEntries(Object.entries(checked).map(([name, value]) => [name, String(value)]));
  await ports.store.providerChoices.setCredentials(environment.id, provider.id, texts);
}
