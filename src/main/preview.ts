import type { Config } from '../config.ts';
import type { Log } from '../core/log.ts';
import { createFileDecoder } from '../formats/decoder.ts';
import { createFilePreview } from '../services/preview.ts';
import type { ImportFile, ImportService } from '../services/services.ts';
import { loadGiven } from './open-app.ts';

/** Maps device files with the provider's own mapper, without a database. */
export async function preview(
  config: Config,
  log: Log,
  referenceId: string,
  files: ImportFile[],
): ReturnType<ImportService['preview']> {
  const providers = await loadGiven(config, log);
  const decoder = createFileDecoder();
  try {
    return await createFilePreview({ providers, decoder })(referenceId, files);
  } finally {
    await decoder.close();
  }
}
