import type { FileDecoder } from '../core/file-decoder.ts';
import type { FileFormat, LoadedProvider, MapContext, ProviderRegistry, Resource } from '../core/provider.ts';
import { type MadePayload, mapContextOf, mapRecords } from './map-records.ts';
import type { ImportFile, ImportResult } from './services.ts';

/** The provider of files that people bring. */
export const FILE_PROVIDER = 'FILE';

/** A file of which something can be made. */
export interface UsableFile {
  resource: string;
  format: FileFormat;
  identity: string;
  made: MadePayload[];
  warnings: string[];
}

export type ReadFile = UsableFile | { refused: string[] };

/** The provider that takes files; it is part of the product. */
export function fileProvider(providers: ProviderRegistry): LoadedProvider {
  const provider = providers.find(FILE_PROVIDER);
  if (!provider) throw new Error(`there is no provider ${FILE_PROVIDER}`);
  return provider;
}

/** How the provider knows the person behind a reference id. */
export function fileAccountOf(referenceId: string): string {
  return `reference:${referenceId}`;
}

export function fileContext(provider: LoadedProvider, referenceId: string, zone?: string): MapContext {
  return mapContextOf(provider.id, { providerUserId: fileAccountOf(referenceId), zone });
}

/** Decodes a file and maps what is in it, or says in plain words why nothing can be made of it. No database. */
export async function readFile(
  provider: LoadedProvider,
  decoder: FileDecoder,
  context: MapContext,
  bytes: Uint8Array,
): Promise<ReadFile> {
  const format = decoder.sniff(bytes);
  const [name, resource] = resourceOf(provider, format);
  if (!format || !resource) return { refused: ['the format is not known; FIT files can be read'] };
  const decoded = await decoder.decode(format, bytes);
  if ('refused' in decoded) return { refused: [decoded.refused] };
  const records = resource.records(decoded.recordings);
  const members = records.map((record) => ({ resource: name, record, source: name }));
  const { made, unmade } = mapRecords(provider, members, context);
  const reasons = [...new Set(unmade.map((one) => one.reason))];
  const [first] = records;
  if (made.length === 0 || first === undefined) return { refused: reasons.length > 0 ? reasons : ['it holds nothing'] };
  const partly = reasons.map((reason) => `a part was left out: ${reason}`);
  return {
    resource: name,
    format,
    identity: resource.identity(first),
    made,
    warnings: [...new Set([...decoded.warnings, ...partly])],
  };
}

function resourceOf(provider: LoadedProvider, format: FileFormat | undefined): [string, Resource | undefined] {
  const resources = Object.entries(provider.resources ?? {});
  return resources.find(([, resource]) => format !== undefined && resource.decode === format) ?? ['', undefined];
}

export function resultOf(file: ImportFile, read: ReadFile, outcome: 'accepted' | 'unchanged'): ImportResult {
  if ('refused' in read) return { name: file.name, outcome: 'refused', payloads: 0, warnings: read.refused };
  return { name: file.name, outcome, payloads: read.made.length, warnings: read.warnings };
}
