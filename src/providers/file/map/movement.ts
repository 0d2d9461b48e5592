import type { Session } from '../wire.ts';
import { known, rounded } from './known.ts';
import { cadenceSamples, type Series, speedSamples } from './samples.ts';

const SECONDS_PER_MINUTE = 60;
const METRES_PER_KILOMETRE = 1000;

export function movementData(session: Session, series: Series) {
  const { averageSpeed, maximumSpeed, averageCadence, maximumCadence } = session.totals;
  return known({
    avg_speed_meters_per_second: averageSpeed,
    max_speed_meters_per_second: maximumSpeed,
    avg_pace_minutes_per_kilometer: paceOf(averageSpeed),
    max_pace_minutes_per_kilometer: paceOf(maximumSpeed),
    avg_cadence_rpm: averageCadence,
    max_cadence_rpm: maximumCadence,
    speed_samples: speedSamples(series),
    cadence_samples: cadenceSamples(series),
  });
}

/** Minutes per kilometre; standing still has no pace. */
function paceOf(metresPerSecond: number | undefined): number | undefined {
  if (metresPerSecond === undefined || metresPerSecond <= 0) return undefined;
  return rounded(METRES_PER_KILOMETRE / SECONDS_PER_MINUTE / metresPerSecond, 4);
}
