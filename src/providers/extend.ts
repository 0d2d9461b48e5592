import { isObject } from './shape.ts';

/** What a manifest says about itself only: another spelling of the base is not one of its own. */
const OWN = ['aliases', 'extends'];

/**
 * A manifest on top of the one it extends: objects are joined member by member, everything else (lists, functions,
 * texts) is replaced. `auth` of another kind is replaced whole.
 */
export function extendManifest(base: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const inherited = Object.fromEntries(Object.entries(base).filter(([name]) => !OWN.includes(name)));
  return join(inherited, own);
}

function join(base: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const joined = { ...base };
  for (const [name, value] of Object.entries(own)) {
    const below = joined[name];
    joined[name] = isObject(below) && isObject(value) && sameKind(below, value) ? join(below, value) : value;
  }
  return joined;
}

function sameKind(base: Record<string, unknown>, own: Record<string, unknown>): boolean {
  return own.kind === undefined || own.kind === base.kind;
}
