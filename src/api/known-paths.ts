import type { FastifyInstance } from 'fastify';

export interface KnownPaths {
  /** Methods that are served at this address, sorted; empty when the path is unknown. */
  methodsOf(url: string): string[];
}

function pattern(path: string): RegExp {
  const parts = path.split(/(:[A-Za-z]+|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}/?$`);
}

/** Watches what gets registered, so that a wrong method can be told from an unknown path (RFC 9110 §15.5.6). */
export function knownPaths(app: FastifyInstance): KnownPaths {
  const known = new Map<string, { matches: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const entry = known.get(url) ?? { matches: pattern(url), methods: new Set<string>() };
    for (const name of [method].flat()) entry.methods.add(name);
    known.set(url, entry);
  });
  return {
    methodsOf(url) {
      const path = url.split(/[?#]/, 1)[0]!;
      const matching = [...known.values()].filter((entry) => entry.matches.test(path));
      return [...new Set(matching.flatMap((entry) => [...entry.methods]))].sort();
    },
  };
}
