import type { Session } from '../wire.ts';
import { known, positive, spreadOf } from './known.ts';
import { heartRateOf, heartRateSamples, type Series } from './samples.ts';

/** Averages and extremes come from the session; where it has none they are computed from the points. */
export function heartRateData(session: Session, series: Series) {
  const { averageHeartRate, maximumHeartRate, minimumHeartRate } = session.totals;
  const measured = spreadOf(session.points.map(heartRateOf).filter((bpm) => bpm !== undefined));
  return known({
    summary: known({
      avg_hr_bpm: positive(averageHeartRate) ?? measured?.mean,
      max_hr_bpm: positive(maximumHeartRate) ?? measured?.maximum,
      min_hr_bpm: positive(minimumHeartRate) ?? measured?.minimum,
      hr_zone_data: zones(session),
    }),
    detailed: known({ hr_samples: heartRateSamples(series) }),
  });
}

/** Time in zone 0 (below the first) and up; a seventh value is what lies above the last zone. */
function zones(session: Session) {
  return session.totals.zoneSeconds?.map((duration_seconds, zone) => ({ zone, duration_seconds }));
}
