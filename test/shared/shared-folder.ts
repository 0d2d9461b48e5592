import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A path in the folder of recordings and schemas that lies beside the checkout (`../shared`, or where SOLUM_SHARED says).
 * Checks against it run only where it is; asking for it elsewhere is a mistake of the run.
 */
export function sharedPath(...parts: string[]): string {
  const folder = process.env.SOLUM_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}; SOLUM_SHARED says where it is`);
  return join(folder, ...parts);
}
