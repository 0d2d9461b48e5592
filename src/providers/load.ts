import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../core/log.ts';
import type { LoadedProvider, Provider, ProviderRegistry } from '../core/provider.ts';
import type { SandboxProvider } from '../core/sandbox.ts';
import { checkManifest, checkSandbox } from './check-manifest.ts';
import { extendManifest } from './extend.ts';
import { importForeign, importOwn } from './import-module.ts';
import { isObject } from './shape.ts';

export interface LoadOptions {
  /** Folder of the product's own provider folders. Default: the one of this file. */
  builtIn?: string;
  /** Folder of provider folders outside the product (`SOLUM_PROVIDERS_DIR`). */
  extra?: string | undefined;
  log: Log;
}

export type LoadedProviders = ProviderRegistry & { sandboxes: SandboxProvider[] };

/** One provider folder as read from disk. */
interface Folder {
  /** How messages call it, e.g. `providers/oura`. */
  label: string;
  manifest: unknown;
  sandbox: unknown;
  problems: string[];
}

/**
 * Reads every provider folder, in the product and outside it, and checks what they export. Throws one error that names
 * each broken folder and field: a server that knows half its providers must not start.
 */
export async function loadProviders(options: LoadOptions): Promise<LoadedProviders> {
  const builtIn = options.builtIn ?? dirname(fileURLToPath(import.meta.url));
  const folders = [
    ...(await readFolders(builtIn, 'providers', importOwn)),
    ...(options.extra === undefined ? [] : await readFolders(resolve(options.extra), options.extra, importForeign)),
  ];
  const extended = folders.map((folder) => ({ ...folder, manifest: withBase(folder, folders) }));
  const problems = [...extended.flatMap(checkFolder), ...checkUnique(extended)];
  if (problems.length > 0) {
    throw new Error(`cannot start, a provider folder is broken:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
  const providers = extended.map(toProvider).sort((a, b) => (a.id < b.id ? -1 : 1));
  options.log.info({ providers: providers.map(({ id }) => id) }, 'providers loaded');
  return registry(
    providers,
    extended.flatMap(({ sandbox }) => (sandbox ? [sandbox as SandboxProvider] : [])),
  );
}

type ImportFile = (path: string) => Promise<unknown>;

/** Subfolders of `root`, except hidden ones. `label` stands for the root in messages. */
async function readFolders(root: string, label: string, importFile: ImportFile): Promise<Folder[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => undefined);
  if (!entries) throw new Error(`cannot start, the folder of providers cannot be read: ${root}`);
  const names = entries.map(({ name }) => name).filter((name) => !/^[._]|^node_modules$/.test(name));
  const kinds = await Promise.all(names.map((name) => kindOf(join(root, name))));
  const folders = names.filter((_, index) => kinds[index] === 'folder').sort();
  return Promise.all(folders.map((name) => readFolder(join(root, name), `${label}/${name}`, importFile)));
}

function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  return stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : found.isFile() ? 'file' : undefined),
    () => undefined,
  );
}

async function readFolder(path: string, label: string, importFile: ImportFile): Promise<Folder> {
  const manifest = await importFirst(path, 'manifest', importFile);
  const sandbox = await importFirst(path, 'sandbox', importFile);
  const problems = [
    ...(manifest ? manifest.problems : ['there is no manifest.js or manifest.ts']),
    ...(sandbox?.problems ?? []),
  ];
  const read = isObject(manifest?.value) ? await withLogo(path, manifest.value) : undefined;
  return { label, manifest: read, sandbox: sandbox?.value, problems };
}

interface Imported {
  value: unknown;
  problems: string[];
}

async function importFirst(folder: string, name: string, importFile: ImportFile): Promise<Imported | undefined> {
  for (const file of [`${name}.js`, `${name}.ts`]) {
    const path = join(folder, file);
    if ((await kindOf(path)) !== 'file') continue;
    try {
      const value = await importFile(path);
      return { value, problems: isObject(value) ? [] : [`${file}: has to have an object as default export`] };
    } catch (error) {
      return { value: undefined, problems: [`${file}: cannot be imported: ${(error as Error).message}`] };
    }
  }
  return undefined;
}

/** `logo` may name an SVG file beside the manifest; its text takes the name's place. */
async function withLogo(folder: string, manifest: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { logo } = manifest;
  if (typeof logo !== 'string' || !/^[\w.-]+\.svg$/.test(logo)) return manifest;
  const text = await readFile(join(folder, logo), 'utf8').catch(() => logo);
  return { ...manifest, logo: text };
}

/** The manifest with what it inherits, through any number of bases; a circle ends where it closes. */
function withBase(folder: Folder, folders: Folder[], seen: string[] = []): unknown {
  const { manifest } = folder;
  if (!isObject(manifest) || typeof manifest.extends !== 'string') return manifest;
  const base = folders.find(({ manifest: other }) => isObject(other) && other.id === manifest.extends);
  if (!base || !isObject(base.manifest) || seen.includes(base.label) || base.label === folder.label) return manifest;
  const below = withBase(base, folders, [...seen, folder.label]);
  return isObject(below) ? extendManifest(below, manifest) : manifest;
}

function checkFolder(folder: Folder, _index: number, folders: Folder[]): string[] {
  const named = (file: string) => (problem: string) => `${folder.label}${file}: ${problem}`;
  const broken = folder.problems.map(named(''));
  if (broken.length > 0 || !isObject(folder.manifest)) return broken;
  const { extends: base } = folder.manifest;
  const hasBase = base === undefined || folders.some(({ manifest }) => isObject(manifest) && manifest.id === base);
  if (!hasBase) return [named('')(`extends: there is no provider ${String(base)}`)];
  const problems = checkManifest(folder.manifest).map(named(''));
  if (problems.length > 0 || folder.sandbox === undefined) return problems;
  return checkSandbox(folder.sandbox, folder.manifest as unknown as Provider).map(named('/sandbox'));
}

/** Ids and aliases are one namespace, and so are the hosts that simulated providers stand in for. */
function checkUnique(folders: Folder[]): string[] {
  const taken = new Map<string, string>();
  return folders.flatMap(({ label, manifest, sandbox }) => {
    const { id, aliases } = isObject(manifest) ? manifest : {};
    const hosts = isObject(sandbox) && Array.isArray(sandbox.hosts) ? sandbox.hosts : [];
    const claims: [string, unknown][] = [
      ['id', id],
      ...(Array.isArray(aliases) ? aliases.map((alias): [string, unknown] => ['aliases', alias]) : []),
      ...hosts.map((host): [string, unknown] => ['sandbox hosts', host]),
    ];
    return claims.flatMap(([field, value]) => {
      if (typeof value !== 'string') return [];
      const owner = taken.get(value);
      taken.set(value, label);
      return owner === undefined ? [] : [`${label}: ${field}: ${value} is taken by ${owner}`];
    });
  });
}

function toProvider({ manifest, sandbox }: Folder): LoadedProvider {
  return Object.freeze({ ...(manifest as Provider), simulated: sandbox !== undefined });
}

function registry(providers: LoadedProvider[], sandboxes: SandboxProvider[]): LoadedProviders {
  const byCode = new Map<string, LoadedProvider>();
  for (const provider of providers) {
    for (const code of [provider.id, ...(provider.aliases ?? [])]) byCode.set(code, provider);
  }
  return {
    all: () => providers,
    find: (code) => byCode.get(code.trim().toUpperCase()),
    sandboxes,
  };
}
