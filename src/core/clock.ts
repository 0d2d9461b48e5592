/** The only source of "now" for services, store and queue; due times are compared with it, never with the database's clock. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
