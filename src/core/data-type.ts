export const DATA_TYPES = [
  'activity',
  'athlete',
  'body',
  'daily',
  'health_observation',
  'hormone',
  'menstruation',
  'nutrition',
  'planned_workout',
  'sleep',
] as const;

/** A kind of normalised record, in wire spelling. */
export type DataType = (typeof DATA_TYPES)[number];
