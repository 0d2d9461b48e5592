import type { MapContext } from '../../../core/provider.ts';
import { formatInstant, zoneOffsetMinutes } from '../../../lib/time.ts';
import { TimestampLocalization } from '../../../schema/enums.ts';
import type { Recording, Session } from '../wire.ts';

/** Where on the clock a session took place. */
export interface LocalTime {
  offsetMinutes: number;
  localization: TimestampLocalization;
}

/**
 * The offset of a session: what the device stated, else what the caller stated for the file, else the connection's zone
 * at its start, else UTC and said to be UTC. Nothing else is guessed. One offset holds from start to end.
 */
export function localTimeOf(recording: Recording, session: Session, context: MapContext): LocalTime {
  const stated = recording.offsetMinutes ?? context.offsetMinutes ?? zoneOffset(session, context);
  if (stated === undefined) return { offsetMinutes: 0, localization: TimestampLocalization.Utc };
  return { offsetMinutes: stated, localization: TimestampLocalization.Local };
}

function zoneOffset(session: Session, { zone }: MapContext): number | undefined {
  return zone === undefined ? undefined : zoneOffsetMinutes(zone, new Date(session.startMs));
}

/** Epoch milliseconds as the wire writes times, at the session's offset. */
export function wireTime(atMs: number, { offsetMinutes }: LocalTime): string {
  return formatInstant(new Date(atMs), offsetMinutes);
}
