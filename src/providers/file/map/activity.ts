import type { Group, MapContext, MappedPayload } from '../../../core/provider.ts';
import { localDay } from '../../../lib/time.ts';
import type { Activity } from '../../../schema/activity.ts';
import { UploadType } from '../../../schema/enums.ts';
import type { Recording, Session } from '../wire.ts';
import { deviceData } from './device.ts';
import { distanceData } from './distance.ts';
import { heartRateData } from './heart-rate.ts';
import { known } from './known.ts';
import { lapData } from './laps.ts';
import { type LocalTime, localTimeOf, wireTime } from './moment.ts';
import { movementData } from './movement.ts';
import { polylineData, positionData } from './position.ts';
import { powerData, tssData, workData } from './power.ts';
import { saturationSamples, seriesOf } from './samples.ts';
import { activityTypeOf } from './sport.ts';

/** One workout for each session of the recordings; the changes between the parts of a multisport race are none. */
export function mapActivity(group: Group, context: MapContext): MappedPayload[] {
  const recordings: Recording[] = group.recording ?? [];
  return recordings.flatMap((recording) =>
    recording.sessions.flatMap((session, index) => {
      if (session.sport === 'transition' || !isDated(session)) return [];
      const id = recording.sessions.length > 1 ? `${recording.recordId}/${index}` : recording.recordId;
      return [payload(recording, session, context.summaryId('activity', id), localTimeOf(recording, session, context))];
    }),
  );
}

/** A session without a start or an end has no place on the time axis. */
function isDated({ startMs, endMs }: Session): boolean {
  return Number.isFinite(startMs) && Number.isFinite(endMs);
}

function payload(recording: Recording, session: Session, summaryId: string, local: LocalTime): MappedPayload {
  const start = new Date(session.startMs);
  return {
    key: summaryId,
    day: localDay(start, local.offsetMinutes),
    start,
    end: new Date(session.endMs),
    body: { ...activityOf(recording, datedParts(session), summaryId, local) },
  };
}

/** Leaves out points and pauses that have no time. */
function datedParts(session: Session): Session {
  return {
    ...session,
    points: session.points.filter((point) => Number.isFinite(point.atMs)),
    pauses: session.pauses.filter((pause) => Number.isFinite(pause.startMs) && Number.isFinite(pause.endMs)),
  };
}

function activityOf(recording: Recording, session: Session, summaryId: string, local: LocalTime): Activity {
  const { totals } = session;
  const series = seriesOf(session, local);
  const groups = known({
    active_durations_data: known({ activity_seconds: totals.timerSeconds }),
    calories_data: known({
      total_burned_calories: totals.kilocalories,
      BMR_calories: totals.metabolicKilocalories,
    }),
    device_data: deviceData(recording),
    distance_data: distanceData(session, series),
    heart_rate_data: heartRateData(session, series),
    lap_data: lapData(session, local),
    movement_data: movementData(session, series),
    oxygen_data: known({ saturation_samples: saturationSamples(series) }),
    polyline_map_data: polylineData(session),
    position_data: positionData(session, series),
    power_data: powerData(session, series),
    TSS_data: tssData(session),
    work_data: workData(session),
  });
  return { metadata: metadata(session, summaryId, local), ...groups };
}

function metadata(session: Session, summaryId: string, local: LocalTime): Activity['metadata'] {
  return {
    summary_id: summaryId,
    start_time: wireTime(session.startMs, local),
    end_time: wireTime(session.endMs, local),
    timestamp_localization: local.localization,
    type: activityTypeOf(session.sport, session.subSport),
    upload_type: UploadType.Automatic,
    name: session.profileName ?? null,
  };
}
