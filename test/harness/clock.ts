import type { Clock } from '../../src/core/clock.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
  set(to: Date): void;
}

/** A clock that stands still until the test moves it. Default start: 2026-03-01T12:00:00Z. */
export function fakeClock(start = new Date('2026-03-01T12:00:00.000Z')): FakeClock {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms;
    },
    set(to) {
      now = to.getTime();
    },
  };
}
