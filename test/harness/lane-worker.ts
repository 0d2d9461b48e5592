import { systemClock } from '../../src/core/clock.ts';
import { createLaneQueue } from '../../src/queue/lanes.ts';
import { createPump } from '../../src/queue/pump.ts';
import { deliverRows, dueRows, openPool, recordedLog } from './lane-fixture.ts';

/*
 * A worker in a process of its own, to be killed: of each lane it delivers one row, says so on stdout and then holds on
 * to the lane. Argument: the address of the database.
 */
const pool = openPool(process.argv[2] ?? '', 8);
createPump({
  kind: 'deliver',
  lanes: createLaneQueue(pool),
  clock: systemClock,
  log: recordedLog(),
  concurrency: 4,
  pollMs: 20,
  leaseMs: 60_000,
  async serve(lease) {
    const rows = await dueRows(pool, lease, systemClock.now(), 1);
    await deliverRows(
      pool,
      lease,
      rows.map((row) => row.id),
      systemClock.now(),
    );
    process.stdout.write(`${lease.laneId}\n`);
    await new Promise(() => {});
  },
}).start();
