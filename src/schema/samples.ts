import { Type } from 'typebox';
import { activityLevel, heartRateContext, oxygenSaturationType } from './enums.ts';
import { count, measure, part, position, text, time } from './fields.ts';

/** Points of series: one measured value with its time. */

export const activityLevelSample = Type.Object({
  timestamp: time(),
  activity_level: part(activityLevel),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const calorieSample = Type.Object({
  timestamp: time(),
  calories: measure('kcal'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const distanceSample = Type.Object({
  timestamp: time(),
  distance_meters: measure('m'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const elevationSample = Type.Object({
  timestamp: time(),
  elev_meters: measure('m'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const floorsClimbedSample = Type.Object({
  timestamp: time(),
  floors_climbed: measure(),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const stepSample = Type.Object({
  timestamp: time(),
  steps: measure('steps'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const heartRateDataSample = Type.Object({
  timestamp: time(),
  bpm: measure('beats/min'),
  timer_duration_seconds: measure('s since the start, without pauses'),
  context: part(heartRateContext),
});

export const heartRateVariabilityDataSampleRMSSD = Type.Object({
  timestamp: time(),
  hrv_rmssd: measure('ms, RMSSD'),
});

export const heartRateVariabilityDataSampleSDNN = Type.Object({
  timestamp: time(),
  hrv_sdnn: measure('ms, SDNN'),
});

export const lapSample = Type.Object({
  calories: measure('kcal'),
  avg_hr_bpm: measure('beats/min'),
  start_time: time(),
  avg_speed_meters_per_second: measure('m/s'),
  distance_meters: measure('m'),
  total_strokes: count(),
  end_time: time(),
  stroke_type: text(),
  avg_watts: measure('W'),
  active_duration_seconds: count('s'),
  trigger_method: text(),
});

export const metSample = Type.Object({
  timestamp: time(),
  level: measure('level'),
});

export const cadenceSample = Type.Object({
  timestamp: time(),
  cadence_rpm: measure('rev/min'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const speedSample = Type.Object({
  timestamp: time(),
  speed_meters_per_second: measure('m/s'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const torqueSample = Type.Object({
  timestamp: time(),
  timer_duration_seconds: measure('s since the start, without pauses'),
  torque_newton_meters: measure('N·m'),
});

export const oxygenSaturationSample = Type.Object({
  timestamp: time(),
  percentage: measure(),
  type: part(oxygenSaturationType),
});

export const vo2MaxSample = Type.Object({
  timestamp: time(),
  vo2max_ml_per_min_per_kg: measure('ml/min/kg'),
});

export const positionSample = Type.Object({
  timestamp: time(),
  coords_lat_lng_deg: position(),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const powerSample = Type.Object({
  timestamp: time(),
  watts: measure('W'),
  timer_duration_seconds: measure('s since the start, without pauses'),
});

export const tssSample = Type.Object({
  planned: measure(),
  actual: measure(),
  method: text(),
  intensity_factor_planned: measure(),
  intensity_factor_actual: measure(),
  normalized_power_watts: measure('W'),
});
