import type { Session } from '../wire.ts';
import { known, rounded, spreadOf, whole } from './known.ts';
import { altitudeOf, distanceSamples, elevationSamples, type Series } from './samples.ts';

const ON_FOOT = ['running', 'walking'];

export function distanceData(session: Session, series: Series) {
  const { distanceMetres, cycles } = session.totals;
  const onFoot = session.sport !== undefined && ON_FOOT.includes(session.sport);
  return known({
    summary: known({
      distance_meters: distanceMetres,
      // Devices count the strides of one leg.
      steps: onFoot && cycles !== undefined ? Math.round(cycles * 2) : undefined,
      elevation: elevation(session),
      swimming: swimming(session),
    }),
    detailed: known({
      distance_samples: distanceSamples(series),
      elevation_samples: elevationSamples(series),
    }),
  });
}

function elevation(session: Session) {
  const { ascentMetres, descentMetres, averageAltitude, maximumAltitude, minimumAltitude } = session.totals;
  const measured = spreadOf(session.points.map(altitudeOf).filter((metres) => metres !== undefined));
  return known({
    gain_actual_meters: ascentMetres,
    loss_actual_meters: descentMetres,
    avg_meters: rounded(averageAltitude, 2) ?? measured?.mean,
    max_meters: rounded(maximumAltitude, 2) ?? measured?.maximum,
    min_meters: rounded(minimumAltitude, 2) ?? measured?.minimum,
  });
}

/** The wire counts whole metres of pool, so a pool of 25 yards is one of 23 m. */
function swimming(session: Session) {
  if (session.sport !== 'swimming') return undefined;
  const { activeLengths, cycles, poolLengthMetres } = session.totals;
  return known({
    num_laps: whole(activeLengths),
    num_strokes: whole(cycles),
    pool_length_meters: whole(poolLengthMetres),
  });
}
