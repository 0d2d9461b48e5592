import type { FileDecoder } from '../core/file-decoder.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import { fileContext, fileProvider, readFile, resultOf } from './read-file.ts';
import type { ImportResult, ImportService } from './services.ts';

/** Maps files as an import would, without a database: what they hold, by type, and what became of each. */
export function createFilePreview({
  providers,
  decoder,
}: {
  providers: ProviderRegistry;
  decoder: FileDecoder;
}): ImportService['preview'] {
  return async (referenceId, files) => {
    const provider = fileProvider(providers);
    const context = fileContext(provider, referenceId);
    const payloads: Record<string, Record<string, unknown>[]> = {};
    const results: ImportResult[] = [];
    for (const file of files) {
      const read = await readFile(provider, decoder, context, file.bytes);
      results.push(resultOf(file, read, 'accepted'));
      if ('refused' in read) continue;
      for (const { type, payload } of read.made) payloads[type] = [...(payloads[type] ?? []), payload.body];
    }
    return { payloads, files: results };
  };
}
