import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fakeClock } from '../../test/harness/clock.ts';
import { freshDatabase } from '../../test/harness/database.ts';
import {
  addEnvironment,
  addLane,
  countAwake,
  countPending,
  deliverRows,
  dueRows,
  enqueue,
  pause,
  recordedLog,
  until,
} from '../../test/harness/lane-fixture.ts';
import { createLaneQueue } from './lanes.ts';
import { createPump } from './pump.ts';

const WORKER = fileURLToPath(new URL('../../test/harness/lane-worker.ts', import.meta.url));

test('what a killed worker held is served by another once the leases have run out, and nothing before', async () => {
  const { pool, url, close } = await freshDatabase();
  const environmentId = await addEnvironment(pool);
  const started = new Date();
  const ids = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const lane = await addLane(pool, environmentId);
    ids.add(lane.laneId);
    await enqueue(pool, lane, started, ['a', 'b', 'c']);
  }

  const worker = spawn(process.execPath, ['--import', 'tsx', WORKER, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const held = new Set<string>();
  for await (const line of createInterface({ input: worker.stdout })) {
    held.add(line);
    if (held.size === ids.size) break;
  }
  expect(held).toEqual(ids);
  const exited = once(worker, 'exit');
  worker.kill('SIGKILL');
  await exited;
  expect(await countPending(pool)).toBe(6);

  const { rows } = await pool.query<{ first: Date; last: Date }>(
    'select min(leased_until) as first, max(leased_until) as last from lanes',
  );
  const [{ first, last } = { first: started, last: started }] = rows;
  const clock = fakeClock(new Date(first.getTime() - 1));
  const sent: string[] = [];
  const pump = createPump({
    kind: 'deliver',
    lanes: createLaneQueue(pool),
    clock,
    log: recordedLog(),
    concurrency: 4,
    pollMs: 10,
    async serve(lease) {
      const waiting = (await dueRows(pool, lease, clock.now(), 10)).map((row) => row.id);
      if ((await deliverRows(pool, lease, waiting, clock.now())) === waiting.length) sent.push(...waiting);
    },
  });
  pump.start();
  await pause(100);
  expect(sent).toEqual([]);
  clock.set(last);
  await until(async () => (await countAwake(pool)) === 0);
  await pump.stop();
  expect(new Set(sent).size).toBe(6);
  expect(sent).toHaveLength(6);
  expect(await countPending(pool)).toBe(0);
  await close();
});
