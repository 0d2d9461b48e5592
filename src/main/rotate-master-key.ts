import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../cli/answer.ts';
import type { Config } from '../config.ts';
import type { Log } from '../core/log.ts';
import { migrate } from '../store/migrate.ts';
import { rotate } from '../store/rotate.ts';
import { openDatabase } from './database.ts';
import { openMasterKeys } from './master-key.ts';

/** Time in which running servers finish keys that they began to wrap with the earlier master key. */
const SETTLE_MS = 2_000;

/**
 * Re-wraps all data keys. With the generated key file: a new key is put first, servers that run read it from the file,
 * and the earlier keys are dropped at the end. With `SOLUM_MASTER_KEY`: from `SOLUM_MASTER_KEY_PREVIOUS` to it.
 */
export async function rotateMasterKey(config: Config, log: Log): Promise<{ rewrapped: number; keyId: string }> {
  const keys = openMasterKeys(config);
  if (!keys.file && config.previousMasterKeys.length === 0) {
    throw new Refused(
      'there is no earlier key to rotate from',
      'put the new key into SOLUM_MASTER_KEY and the present one into SOLUM_MASTER_KEY_PREVIOUS, restart, run this again',
    );
  }
  const database = await openDatabase(config, log);
  try {
    await migrate(database.pool);
    if (keys.file) {
      keys.file.addKey();
      await sleep(SETTLE_MS);
    }
    const rewrapped = (await rotate(database.pool, keys)) + (await lateComers(database.pool, keys));
    keys.file?.dropEarlier();
    return { rewrapped, keyId: keys.current.id };
  } finally {
    await database.close();
  }
}

/** Keys that a server wrapped with the earlier master key while the first round ran. */
async function lateComers(...[pool, keys]: Parameters<typeof rotate>): Promise<number> {
  await sleep(SETTLE_MS);
  return rotate(pool, keys);
}
