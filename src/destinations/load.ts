import { readdir } from 'node:fs/promises';
import type { Destination, DestinationRegistry } from '../core/destination.ts';

/**
 * Imports every folder beside this file that has a `destination.ts` (or `.js`, when built). A bad one stops the start:
 * throws an Error that names the folder and what is wrong with it.
 */
export async function loadDestinations(): Promise<DestinationRegistry> {
  const here = new URL('./', import.meta.url);
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entries = await readdir(here, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const loaded = await Promise.all(
    folders.map(async (folder) => {
      const module = (await import(new URL(`${folder}/destination.${extension}`, here).href)) as { default?: unknown };
      return checked(folder, module.default);
    }),
  );
  return registry(loaded);
}

/** Throws when two destinations share a type. */
export function registry(destinations: Destination[]): DestinationRegistry {
  const byType = new Map<string, Destination>();
  for (const destination of destinations) {
    if (byType.has(destination.type)) throw new Error(`two destinations are of type "${destination.type}"`);
    byType.set(destination.type, destination);
  }
  const all = [...byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  return { all: () => all, find: (type) => byType.get(type) };
}

/** The shape that the engine relies on. Throws an Error naming the folder and the member. */
export function checked(folder: string, value: unknown): Destination {
  const wrong = (what: string): never => {
    throw new Error(`destinations/${folder}: ${what}`);
  };
  if (typeof value !== 'object' || value === null) return wrong('the default export is not an object');
  const { type, name, fields, open, check } = value as Partial<Record<keyof Destination, unknown>>;
  if (type !== folder) wrong('type is not the name of the folder');
  if (typeof name !== 'string' || name === '') wrong('name is missing');
  if (typeof open !== 'function') wrong('open is not a function');
  if (check !== undefined && typeof check !== 'function') wrong('check is not a function');
  if (!Array.isArray(fields)) return wrong('fields is not a list');
  const names = fields.map((field: { name?: unknown; label?: unknown }) => {
    if (typeof field?.name !== 'string' || typeof field.label !== 'string') wrong('a field lacks name or label');
    return field.name;
  });
  if (new Set(names).size !== names.length) wrong('two fields share a name');
  return value as Destination;
}
