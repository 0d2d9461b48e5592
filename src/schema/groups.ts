import { Type } from 'typebox';
import { deviceDataType } from './enums.ts';
import { contributors, count, list, measure, numbers, part, text, time } from './fields.ts';
import {
  activityLevelSample,
  cadenceSample,
  calorieSample,
  distanceSample,
  elevationSample,
  floorsClimbedSample,
  heartRateDataSample,
  heartRateVariabilityDataSampleRMSSD,
  heartRateVariabilityDataSampleSDNN,
  lapSample,
  metSample,
  oxygenSaturationSample,
  positionSample,
  powerSample,
  speedSample,
  stepSample,
  torqueSample,
  tssSample,
  vo2MaxSample,
} from './samples.ts';

/** Groups that several models share. Units stand with each member. */

export const activeDurationsData = Type.Object({
  activity_levels_samples: list(activityLevelSample),
  activity_seconds: measure('s', { minimum: 0 }),
  inactivity_seconds: measure('s', { minimum: 0 }),
  low_intensity_seconds: measure('s', { minimum: 0 }),
  moderate_intensity_seconds: measure('s', { minimum: 0 }),
  num_continuous_inactive_periods: count('', { minimum: 0 }),
  rest_seconds: measure('s', { minimum: 0 }),
  vigorous_intensity_seconds: measure('s', { minimum: 0 }),
  standing_hours_count: measure('count'),
  standing_seconds: measure('s'),
});

export const caloriesData = Type.Object({
  BMR_calories: measure('kcal'),
  calorie_samples: list(calorieSample),
  net_activity_calories: measure('kcal'),
  net_intake_calories: measure('kcal'),
  total_burned_calories: measure('kcal'),
});

export const dataEnrichment = Type.Object({
  efficiency_score: measure(),
  efficiency_contributors: contributors(),
  strain_score: measure(),
  strain_contributors: contributors(),
  rcrs_score: measure(),
  rcrs_contributors: contributors(),
  trimp_score: measure(),
  trimp_contributors: contributors(),
});

export const otherDeviceData = Type.Object({
  manufacturer: text(),
  hardware_version: text(),
  serial_number: text(),
  name: text(),
  software_version: text(),
  data_provided: list(deviceDataType),
  last_upload_date: text(),
});

export const deviceData = Type.Object({
  activation_timestamp: time(),
  data_provided: list(deviceDataType),
  hardware_version: text(),
  last_upload_date: text(),
  manufacturer: text(),
  name: text(),
  other_devices: list(otherDeviceData),
  serial_number: text(),
  software_version: text(),
});

export const distanceDataDetailed = Type.Object({
  distance_samples: list(distanceSample),
  elevation_samples: list(elevationSample),
  floors_climbed_samples: list(floorsClimbedSample),
  step_samples: list(stepSample),
});

export const elevationData = Type.Object({
  avg_meters: measure('m'),
  gain_actual_meters: measure('m', { minimum: 0 }),
  gain_planned_meters: measure('m', { minimum: 0 }),
  loss_actual_meters: measure('m', { minimum: 0 }),
  max_meters: measure('m'),
  min_meters: measure('m'),
});

export const swimmingData = Type.Object({
  num_laps: count('', { minimum: 0 }),
  num_strokes: count('', { minimum: 0 }),
  pool_length_meters: count('m', { minimum: 0 }),
});

export const distanceDataSummary = Type.Object({
  distance_meters: measure('m'),
  elevation: part(elevationData),
  floors_climbed: count(),
  steps: count('steps'),
  swimming: part(swimmingData),
});

export const distanceData = Type.Object({
  detailed: part(distanceDataDetailed),
  summary: part(distanceDataSummary),
});

export const energyData = Type.Object({
  energy_kilojoules: measure('kJ'),
  energy_planned_kilojoules: measure('kJ'),
});

export const heartRateDataDetailed = Type.Object({
  hr_samples: list(heartRateDataSample),
  hrv_samples_rmssd: list(heartRateVariabilityDataSampleRMSSD),
  hrv_samples_sdnn: list(heartRateVariabilityDataSampleSDNN),
});

export const heartRateZoneData = Type.Object({
  zone: count(),
  start_percentage: measure('%', { minimum: 0, maximum: 100 }),
  end_percentage: measure('%', { minimum: 0, maximum: 100 }),
  name: text(),
  duration_seconds: measure('s'),
});

export const heartRateDataSummary = Type.Object({
  avg_hr_bpm: measure('beats/min', { minimum: 0 }),
  avg_hrv_rmssd: measure('ms, RMSSD'),
  avg_hrv_sdnn: measure('ms, SDNN'),
  hr_zone_data: list(heartRateZoneData),
  max_hr_bpm: measure('beats/min', { minimum: 0 }),
  min_hr_bpm: measure('beats/min', { minimum: 0 }),
  resting_hr_bpm: measure('beats/min', { minimum: 0 }),
  user_max_hr_bpm: measure('beats/min'),
});

export const heartRateData = Type.Object({
  detailed: part(heartRateDataDetailed),
  summary: part(heartRateDataSummary),
});

export const lapData = Type.Object({
  laps: list(lapSample),
});

export const metData = Type.Object({
  MET_samples: list(metSample),
  avg_level: measure('level'),
  num_high_intensity_minutes: measure('min', { minimum: 0 }),
  num_inactive_minutes: measure('min', { minimum: 0 }),
  num_low_intensity_minutes: measure('min', { minimum: 0 }),
  num_moderate_intensity_minutes: measure('min', { minimum: 0 }),
});

export const movementData = Type.Object({
  adjusted_max_speed_meters_per_second: measure('m/s'),
  avg_cadence_rpm: measure('rev/min'),
  avg_pace_minutes_per_kilometer: measure('min/km'),
  avg_speed_meters_per_second: measure('m/s'),
  avg_torque_newton_meters: measure('N·m'),
  avg_velocity_meters_per_second: measure('m/s'),
  cadence_samples: list(cadenceSample),
  max_cadence_rpm: measure('rev/min'),
  max_pace_minutes_per_kilometer: measure('min/km'),
  max_speed_meters_per_second: measure('m/s'),
  max_torque_newton_meters: measure('N·m'),
  max_velocity_meters_per_second: measure('m/s'),
  normalized_speed_meters_per_second: measure('m/s'),
  speed_samples: list(speedSample),
  torque_samples: list(torqueSample),
});

export const oxygenData = Type.Object({
  avg_saturation_percentage: measure('%'),
  saturation_samples: list(oxygenSaturationSample),
  vo2_samples: list(vo2MaxSample),
  vo2max_ml_per_min_per_kg: measure('ml/min/kg'),
  day_avg_vo2max_ml_per_min_per_kg: measure('ml/min/kg'),
});

export const polylineMapData = Type.Object({
  summary_polyline: text(),
});

export const positionData = Type.Object({
  center_pos_lat_lng_deg: numbers('degrees'),
  end_pos_lat_lng_deg: numbers('degrees'),
  position_samples: list(positionSample),
  start_pos_lat_lng_deg: numbers('degrees'),
});

export const powerData = Type.Object({
  avg_watts: measure('W'),
  max_watts: measure('W'),
  power_samples: list(powerSample),
});

export const strainData = Type.Object({
  strain_level: measure('level'),
});

export const tssData = Type.Object({
  TSS_samples: list(tssSample),
});

export const workData = Type.Object({
  work_kilojoules: measure('kJ'),
});
