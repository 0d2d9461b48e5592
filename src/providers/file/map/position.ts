import { encodePolyline } from '../../../lib/geo.ts';
import type { Point, Session } from '../wire.ts';
import { known } from './known.ts';
import { positionSamples, type Series } from './samples.ts';

/** Where the session names no place, the first and last point that has one. */
export function positionData(session: Session, series: Series) {
  return known({
    start_pos_lat_lng_deg: session.startPosition ?? session.points.find(hasPosition)?.position,
    end_pos_lat_lng_deg: session.endPosition ?? session.points.findLast(hasPosition)?.position,
    position_samples: positionSamples(series),
  });
}

export function polylineData(session: Session) {
  const track = session.points.map((point) => point.position).filter((position) => position !== undefined);
  return track.length === 0 ? undefined : { summary_polyline: encodePolyline(track) };
}

function hasPosition(point: Point): boolean {
  return point.position !== undefined;
}
