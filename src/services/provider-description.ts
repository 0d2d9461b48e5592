import { isSecretField } from '../core/field.ts';
import type { LoadedProvider, Resource } from '../core/provider.ts';
import { connectKind } from './connect/session.ts';

/** A manifest in words: what operators need to know before they enable a provider. Holds no secret. */
export function describeProvider(provider: LoadedProvider): Record<string, unknown> {
  const { auth } = provider;
  return {
    code: provider.id,
    name: provider.name,
    aliases: provider.aliases ?? [],
    domains: provider.domains,
    hosts: provider.hosts,
    kind: connectKind(auth.kind),
    simulated: provider.simulated,
    capabilities: provider.capabilities,
    credentials: provider.credentials.map((field) => ({
      name: field.name,
      label: field.label,
      required: field.required !== false,
      secret: isSecretField(field),
    })),
    ask: (provider.ask ?? []).map(({ name, label }) => ({ name, label })),
    scopes:
      'scopes' in auth
        ? auth.scopes.map(({ name, required, dataTypes }) => ({ name, required: required ?? false, types: dataTypes }))
        : [],
    resources: Object.fromEntries(
      Object.entries(provider.resources ?? {}).map(([name, resource]) => [name, describeResource(resource)]),
    ),
    push: provider.push && {
      scope: provider.push.scope,
      verified: provider.push.verify.kind,
      silent_after_hours: provider.push.silentAfterHours,
    },
    types: Object.fromEntries(
      Object.entries(provider.dataTypes).map(([type, map]) => [
        type,
        { from: [...map.anchor, ...map.joins.map((join) => join.resource)] },
      ]),
    ),
  };
}

function describeResource(resource: Resource): Record<string, unknown> {
  return {
    kind: resource.kind,
    scope: resource.scope ?? null,
    window_days: resource.window.maxDays,
    filter_on: resource.window.filterOn,
    backfill_days: resource.backfill?.maxDays ?? null,
  };
}
