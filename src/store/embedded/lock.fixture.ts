/**
 * A process that takes the lock again and again, for the tests: `<lock> <directory> <rounds>`. Inside it looks whether
 * another living process is inside as well (then it exits with 3); in the last round it dies inside by kill -9.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { isAlive, ownMark } from './process-mark.ts';

const [lock = '', directory = '', rounds] = process.argv.slice(2);
const own = await ownMark();

for (let round = 1; round <= Number(rounds); round++) {
  await withLock(lock, async () => {
    await writeFile(join(directory, own), '');
    for (const other of await readdir(directory)) if (other !== own && (await isAlive(other))) process.exit(3);
    if (round === Number(rounds)) process.kill(process.pid, 'SIGKILL');
    await rm(join(directory, own));
  });
}
