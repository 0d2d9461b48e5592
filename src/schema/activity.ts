import { type Static, Type } from 'typebox';
import { activityType, timestampLocalization, uploadType } from './enums.ts';
import { measure, part, text } from './fields.ts';
import {
  activeDurationsData,
  caloriesData,
  dataEnrichment,
  deviceData,
  distanceData,
  energyData,
  heartRateData,
  lapData,
  metData,
  movementData,
  oxygenData,
  polylineMapData,
  positionData,
  powerData,
  strainData,
  tssData,
  workData,
} from './groups.ts';

/** One finished workout. */

export const activityMetadata = Type.Object({
  city: text(),
  country: text(),
  end_time: Type.String(),
  name: text(),
  start_time: Type.String(),
  state: text(),
  summary_id: Type.String(),
  timestamp_localization: part(timestampLocalization),
  type: activityType,
  upload_type: uploadType,
});

export const activity = Type.Object({
  active_durations_data: part(activeDurationsData),
  calories_data: part(caloriesData),
  cheat_detection: measure(),
  data_enrichment: part(dataEnrichment),
  device_data: part(deviceData),
  distance_data: part(distanceData),
  energy_data: part(energyData),
  heart_rate_data: part(heartRateData),
  lap_data: part(lapData),
  MET_data: part(metData),
  metadata: activityMetadata,
  movement_data: part(movementData),
  oxygen_data: part(oxygenData),
  polyline_map_data: part(polylineMapData),
  position_data: part(positionData),
  power_data: part(powerData),
  strain_data: part(strainData),
  TSS_data: part(tssData),
  work_data: part(workData),
});

export type Activity = Static<typeof activity>;
