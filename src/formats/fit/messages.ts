import type { FitLap, FitPoint, FitTotals } from './recording.ts';
import { type Message, millis, number, pair, text } from './values.ts';

/** Member of `FitTotals` → fields of session and lap messages, the finer one first. */
const TOTALS: Record<Exclude<keyof FitTotals, 'zoneSeconds'>, string[]> = {
  elapsedSeconds: ['total_elapsed_time'],
  timerSeconds: ['total_timer_time'],
  distanceMetres: ['total_distance'],
  kilocalories: ['total_calories'],
  metabolicKilocalories: ['metabolic_calories'],
  cycles: ['total_cycles', 'total_strides'],
  averageSpeed: ['enhanced_avg_speed', 'avg_speed'],
  maximumSpeed: ['enhanced_max_speed', 'max_speed'],
  averageHeartRate: ['avg_heart_rate'],
  maximumHeartRate: ['max_heart_rate'],
  minimumHeartRate: ['min_heart_rate'],
  averageCadence: ['avg_cadence', 'avg_running_cadence'],
  maximumCadence: ['max_cadence', 'max_running_cadence'],
  averagePower: ['avg_power'],
  maximumPower: ['max_power'],
  normalizedPower: ['normalized_power'],
  trainingStressScore: ['training_stress_score'],
  intensityFactor: ['intensity_factor'],
  workJoules: ['total_work'],
  ascentMetres: ['total_ascent'],
  descentMetres: ['total_descent'],
  averageAltitude: ['enhanced_avg_altitude', 'avg_altitude'],
  maximumAltitude: ['enhanced_max_altitude', 'max_altitude'],
  minimumAltitude: ['enhanced_min_altitude', 'min_altitude'],
  poolLengthMetres: ['pool_length'],
  activeLengths: ['num_active_lengths'],
};

/** Member of `FitPoint` → fields of record messages, the finer one first. */
const POINT: Record<Exclude<keyof FitPoint, 'atMs' | 'position'>, string[]> = {
  altitude: ['enhanced_altitude', 'altitude'],
  heartRate: ['heart_rate'],
  cadence: ['cadence'],
  distance: ['distance'],
  speed: ['enhanced_speed', 'speed'],
  power: ['power'],
  muscleOxygen: ['saturated_hemoglobin_percent'],
};

export function readTotals(message: Message): FitTotals {
  const totals: FitTotals = pick(message, TOTALS);
  const zones = message.time_in_hr_zone;
  if (Array.isArray(zones)) {
    const seconds = zones.map(number).filter((value): value is number => value !== undefined);
    if (seconds.length === zones.length && seconds.length > 0) totals.zoneSeconds = seconds;
  }
  const fraction = number(message.avg_fractional_cadence);
  if (totals.averageCadence !== undefined && fraction !== undefined) totals.averageCadence += fraction;
  const maximumFraction = number(message.max_fractional_cadence);
  if (totals.maximumCadence !== undefined && maximumFraction !== undefined) totals.maximumCadence += maximumFraction;
  return totals;
}

export function readLap(message: Message): FitLap | undefined {
  const startMs = millis(message.start_time);
  if (startMs === undefined) return undefined;
  const totals = readTotals(message);
  const elapsed = totals.elapsedSeconds;
  const endMs = elapsed !== undefined ? startMs + elapsed * 1000 : (millis(message.timestamp) ?? startMs);
  return { startMs, endMs, totals, trigger: text(message.lap_trigger), stroke: text(message.swim_stroke) };
}

export function readPoint(message: Message): FitPoint | undefined {
  const atMs = millis(message.timestamp);
  if (atMs === undefined) return undefined;
  const point: FitPoint = { atMs, ...pick(message, POINT) };
  const fraction = number(message.fractional_cadence);
  if (point.cadence !== undefined && fraction !== undefined) point.cadence += fraction;
  const position = pair(message.position_lat, message.position_long);
  if (position) point.position = position;
  return point;
}

function pick<T extends string>(message: Message, fields: Record<T, string[]>): Partial<Record<T, number>> {
  const picked: Partial<Record<T, number>> = {};
  for (const [member, names] of Object.entries(fields) as [T, string[]][]) {
    const value = names.map((name) => number(message[name])).find((found) => found !== undefined);
    if (value !== undefined) picked[member] = value;
  }
  return picked;
}
