import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeClock } from '../../test/harness/clock.ts';
import { pause, type RecordedLog, recordedLog, until } from '../../test/harness/lane-fixture.ts';
import { createTick, type Tick, type TickJob } from './tick.ts';

let log: RecordedLog;
let tick: Tick | undefined;

beforeEach(() => {
  log = recordedLog();
});
afterEach(() => tick?.stop());

function startTick(jobs: TickJob[], everyMs = 5): Tick {
  tick = createTick({ everyMs, clock: fakeClock(), log, jobs });
  tick.start();
  return tick;
}

test('runs each job at once and then again and again', async () => {
  const runs = { a: 0, b: 0 };
  const counting = (name: 'a' | 'b') => ({ name, run: async () => ++runs[name] });
  startTick([counting('a'), counting('b')], 3_600_000);
  await until(() => runs.a === 1 && runs.b === 1);
  await tick?.stop();
  startTick([counting('a'), counting('b')]);
  await until(() => runs.a > 4 && runs.b > 4);
});

test('a job that fails stops neither the others nor its own next round', async () => {
  let failures = 0;
  let runs = 0;
  startTick([
    {
      name: 'broken',
      run: () => {
        failures++;
        throw new RangeError('weight 70 kg');
      },
    },
    { name: 'rejecting', run: () => Promise.reject(new Error('no')) },
    { name: 'good', run: async () => ++runs },
  ]);
  await until(() => runs > 2 && failures > 2);
  const broken = log.lines.find((line) => line.fields.job === 'broken');
  expect(broken).toMatchObject({ level: 'error', fields: { error: 'RangeError' } });
  expect(JSON.stringify(log.lines)).not.toContain('70 kg');
});

test('a slow job does not overlap itself and does not hold up the others', async () => {
  let running = 0;
  let most = 0;
  let slow = 0;
  let quick = 0;
  let finish = () => {};
  startTick([
    {
      name: 'slow',
      async run() {
        most = Math.max(most, ++running);
        if (++slow === 1) {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }
        running--;
        return 1;
      },
    },
    { name: 'quick', run: async () => ++quick },
  ]);
  await until(() => quick > 5);
  expect(slow).toBe(1);
  finish();
  await until(() => slow > 3);
  expect(most).toBe(1);
});

test('stop waits for what runs and begins nothing more', async () => {
  let runs = 0;
  let done = false;
  const stopping = startTick([
    {
      name: 'long',
      async run() {
        runs++;
        await pause(30);
        done = true;
        return 0;
      },
    },
  ]);
  await stopping.stop();
  expect(done).toBe(true);
  const before = runs;
  await pause(30);
  expect(runs).toBe(before);
});
