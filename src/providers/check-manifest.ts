import type { Auth, Capability, NoAuth, Provider, Verify } from '../core/provider.ts';
import type { SandboxProvider } from '../core/sandbox.ts';
import { manifestShape, sandboxShape } from './manifest-shape.ts';

type GrantAuth = Exclude<Auth, NoAuth>;

/** All that is wrong with a manifest, each line `field: what it has to be`. A good one gives none. */
export function checkManifest(manifest: unknown): string[] {
  const problems = manifestShape(manifest, '');
  return problems.length > 0 ? problems : checkTogether(manifest as Provider);
}

/** All that is wrong with a simulated provider that stands beside `provider`. */
export function checkSandbox(sandbox: unknown, provider: Pick<Provider, 'id'>): string[] {
  const problems = sandboxShape(sandbox, '');
  if (problems.length > 0) return problems;
  return (sandbox as SandboxProvider).id === provider.id ? [] : [`id: has to be ${provider.id}, as in the manifest`];
}

/** How fields hang together, once each is well on its own. */
function checkTogether(provider: Provider): string[] {
  return [
    ...checkCapabilities(provider),
    ...checkAuth(provider),
    ...checkResources(provider),
    ...checkDataTypes(provider),
    ...checkPush(provider),
    ...twice(provider.credentials, 'credentials'),
    ...twice(provider.ask ?? [], 'ask'),
  ];
}

function checkCapabilities(provider: Provider): string[] {
  const { auth, push } = provider;
  const has = (capability: Capability) => provider.capabilities.includes(capability);
  const hasResources = Object.keys(provider.resources ?? {}).length > 0;
  const rules: [boolean, string][] = [
    [has('poll') && !hasResources, 'poll needs a resource to ask for'],
    [has('notify') && !hasResources, 'notify needs a resource with requests or byId'],
    [has('notify') && !push, 'notify needs a push'],
    [has('push') && !push, 'push needs a push'],
    [has('push') && !hasResources, 'push needs a resource for what it brings'],
    [push !== undefined && !has('notify') && !has('push'), 'there is a push, so notify or push is missing'],
    [has('sdk') !== (auth.kind === 'sdk'), 'sdk and auth.kind sdk belong together'],
    [has('poll') && !isGrant(auth), 'poll needs an account to ask for'],
    [auth.kind === 'none' && !has('file'), 'without a login there is only file'],
  ];
  return rules.filter(([broken]) => broken).map(([, text]) => `capabilities: ${text}`);
}

function isGrant(auth: Auth): auth is GrantAuth {
  return auth.kind !== 'sdk' && auth.kind !== 'none';
}

function checkAuth(provider: Provider): string[] {
  const { auth } = provider;
  if (!isGrant(auth)) return [];
  return [
    ...twice(auth.scopes, 'auth.scopes'),
    ...twice(auth.afterToken ?? [], 'auth.afterToken'),
    ...twice(auth.revoke ?? [], 'auth.revoke'),
    ...tokenUrls(provider, auth)
      .filter(([, url]) => !isOwnHost(provider, url))
      .map(([path]) => `${path}: its origin has to be one of hosts`),
    ...missingCredentials(provider, auth),
    ...(auth.kind === 'credentials' && !provider.ask?.length ? ['ask: has to name what the person types'] : []),
  ];
}

/** Where secrets and tokens go. The authorise page is for browsers, which carry neither. */
function tokenUrls(provider: Provider, auth: GrantAuth): [string, string][] {
  const urls: [string, string][] = provider.service ? [['service.tokenUrl', provider.service.tokenUrl]] : [];
  if (auth.kind === 'credentials') return urls;
  urls.push(['auth.exchange.url', auth.exchange.url]);
  if (auth.kind === 'oauth1') urls.push(['auth.requestToken.url', auth.requestToken.url]);
  if (auth.kind === 'oauth2' && auth.refresh) urls.push(['auth.refresh.url', auth.refresh.url]);
  return urls;
}

function isOwnHost(provider: Provider, url: string): boolean {
  return Object.values(provider.hosts).includes(new URL(url).origin);
}

function missingCredentials(provider: Provider, auth: GrantAuth): string[] {
  const { service } = provider;
  const isPublic = auth.kind === 'oauth2' && auth.exchange.clientAuth === 'none';
  const needed = auth.kind === 'credentials' ? [] : isPublic ? ['client_id'] : ['client_id', 'client_secret'];
  if (service) needed.push(service.issuer, service.privateKey, ...(service.keyId ? [service.keyId] : []));
  return needed
    .filter((name) => !provider.credentials.some((field) => field.name === name))
    .map((name) => `credentials: has to have a field ${name}`);
}

function checkResources({ resources = {}, auth }: Provider): string[] {
  const scopes = isGrant(auth) ? auth.scopes.map(({ name }) => name) : [];
  return Object.entries(resources)
    .filter(([, { scope }]) => scope !== undefined && !scopes.includes(scope))
    .map(([name]) => `resources.${name}.scope: has to be one of auth.scopes`);
}

function checkDataTypes({ dataTypes, resources = {} }: Provider): string[] {
  return Object.entries(dataTypes).flatMap(([type, map]) => {
    const anchors = map.anchor.map((name, index): [string, string] => [`anchor[${index}]`, name]);
    const joins = map.joins.map(({ resource }, index): [string, string] => [`joins[${index}].resource`, resource]);
    return [...anchors, ...joins]
      .filter(([, name]) => !Object.hasOwn(resources, name))
      .map(([path]) => `dataTypes.${type}.${path}: has to be one of resources`);
  });
}

function checkPush({ push, credentials }: Provider): string[] {
  if (!push) return [];
  const checks = [push.verify, ...(push.verifyAlso ?? [])];
  const unknown = checks.some((verify) => {
    const name = credentialOf(verify);
    return name !== undefined && !credentials.some((field) => field.name === name);
  });
  return [
    ...(unknown ? ['push.verify: names a credential that is not one of credentials'] : []),
    ...(push.scope !== 'manual' && !push.subscribe?.length ? ['push.subscribe: is needed unless scope is manual'] : []),
    ...[push.subscribe, push.renew, push.remove].flatMap((steps) => twice(steps ?? [], 'push')),
  ];
}

function credentialOf(verify: Verify): string | undefined {
  if (verify.kind !== 'hmac' && verify.kind !== 'header') return undefined;
  const source = verify.kind === 'hmac' ? verify.secret : verify.equals;
  return 'credential' in source ? source.credential : undefined;
}

function twice(items: { name: string }[], path: string): string[] {
  const names = items.map(({ name }) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(repeated)].map((name) => `${path}: ${name} stands there twice`);
}
