import { pathToFileURL } from 'node:url';

/** Default export of a file of this product, which the process can import as it is. */
export async function importOwn(path: string): Promise<unknown> {
  return defaultOf(await import(pathToFileURL(path).href));
}

/** Default export of a file outside the product; types are stripped where the runtime does not do it itself. */
export async function importForeign(path: string): Promise<unknown> {
  const url = pathToFileURL(path).href;
  if (!path.endsWith('.ts') || stripsTypes()) return defaultOf(await import(url));
  const { tsImport } = await import('tsx/esm/api');
  return defaultOf(await tsImport(url, import.meta.url));
}

/** Newer Node runs TypeScript as it is and says so; typings of Node 20 do not know the member. */
function stripsTypes(): boolean {
  return 'typescript' in process.features && Boolean(process.features.typescript);
}

/** A file in a CommonJS folder arrives with its exports one level deeper. */
function defaultOf(module: { default?: unknown }): unknown {
  const inner = module.default;
  const isWrapped = typeof inner === 'object' && inner !== null && 'default' in inner && '__esModule' in inner;
  return isWrapped ? inner.default : inner;
}
