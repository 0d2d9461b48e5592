import type { Session } from '../wire.ts';
import { known } from './known.ts';
import { powerSamples, type Series } from './samples.ts';

const JOULES_PER_KILOJOULE = 1000;

export function powerData(session: Session, series: Series) {
  const { averagePower, maximumPower } = session.totals;
  return known({ avg_watts: averagePower, max_watts: maximumPower, power_samples: powerSamples(series) });
}

/** The device's own score of the training load. */
export function tssData(session: Session) {
  const { trainingStressScore, intensityFactor, normalizedPower } = session.totals;
  const score = known({
    actual: trainingStressScore,
    intensity_factor_actual: intensityFactor,
    normalized_power_watts: normalizedPower,
  });
  return score && { TSS_samples: [score] };
}

export function workData(session: Session) {
  const { workJoules } = session.totals;
  return known({ work_kilojoules: workJoules === undefined ? undefined : workJoules / JOULES_PER_KILOJOULE });
}
