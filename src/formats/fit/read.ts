import { brokenOffSession } from './broken-off.ts';
import { withCompressedDistance } from './compressed.ts';
import { readHeartRates, withHeartRates } from './heart-rates.ts';
import { readLap, readPoint, readTotals } from './messages.ts';
import type { FitLap, FitPoint, FitRecording, FitSession } from './recording.ts';
import { type Message, millis, number, pair, rows, text } from './values.ts';

const DAY_MINUTES = 14 * 60;

/**
 * The parser's messages as a recording. `part` is the file's place in a chain, from 0; `strap` are heart-rate messages,
 * its own and those of parts that only continue it.
 */
export function readRecording(parsed: Message, sha256: string, part: number, strap: Message[]): FitRecording {
  const fileId = rows(parsed.file_ids)[0] ?? {};
  const serial = text(fileId.serial_number);
  const created = millis(fileId.time_created);
  const base = serial !== undefined && created !== undefined ? `${serial}-${Math.round(created / 1000)}` : sha256;
  return {
    recordId: part === 0 ? base : `${base}#${part}`,
    fileType: text(fileId.type),
    device: readDevice(parsed, fileId),
    offsetMinutes: readOffset(parsed.activity),
    ...readSessions(parsed, strap),
  };
}

function readDevice(parsed: Message, fileId: Message): FitRecording['device'] {
  const creator =
    rows(parsed.device_infos).find((row) => row.device_index === 'creator' || row.device_index === 0) ?? {};
  const manufacturer = text(fileId.manufacturer) ?? text(creator.manufacturer);
  const product =
    text(fileId.product_name) ?? text(creator.product_name) ?? text(fileId.product) ?? text(creator.product);
  const serial = text(fileId.serial_number) ?? text(creator.serial_number);
  const softwareVersion = text(creator.software_version);
  return {
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(product === undefined ? {} : { product }),
    ...(serial === undefined ? {} : { serial }),
    ...(softwareVersion === undefined ? {} : { softwareVersion }),
  };
}

/** Local minus UTC time of the activity message, where it is a possible offset (some devices write no local time). */
function readOffset(activity: unknown): number | undefined {
  if (activity === null || typeof activity !== 'object') return undefined;
  const message = activity as Message;
  const utc = millis(message.timestamp);
  const local = millis(message.local_timestamp);
  if (utc === undefined || local === undefined) return undefined;
  const minutes = Math.round((local - utc) / 60_000 / 15) * 15;
  return Math.abs(minutes) <= DAY_MINUTES ? minutes : undefined;
}

function readSessions(parsed: Message, strap: Message[]): Pick<FitRecording, 'sessions' | 'brokenOff'> {
  const recorded = withCompressedDistance(rows(parsed.records))
    .map(readPoint)
    .filter((point): point is FitPoint => point !== undefined);
  const points = withHeartRates(recorded, readHeartRates(strap));
  const laps = rows(parsed.laps)
    .map(readLap)
    .filter((lap): lap is FitLap => lap !== undefined);
  const pauses = readPauses(rows(parsed.events));
  const stated = rows(parsed.sessions)
    .map((session) => readSession(session, laps, points, pauses))
    .filter((session): session is FitSession => session !== undefined);
  if (stated.length > 0) return { sessions: stated, brokenOff: false };
  const session = brokenOffSession(parsed, points, laps, pauses);
  return session ? { sessions: [session], brokenOff: true } : { sessions: [], brokenOff: false };
}

function readSession(
  session: Message,
  laps: FitLap[],
  points: FitPoint[],
  pauses: FitSession['pauses'],
): FitSession | undefined {
  const startMs = millis(session.start_time);
  if (startMs === undefined) return undefined;
  const totals = readTotals(session);
  const stated = millis(session.timestamp);
  const endMs = totals.elapsedSeconds !== undefined ? startMs + totals.elapsedSeconds * 1000 : (stated ?? startMs);
  const within = (at: number) => at >= startMs && at <= Math.max(endMs, stated ?? endMs);
  const firstLap = number(session.first_lap_index);
  const lapCount = number(session.num_laps);
  const own =
    firstLap !== undefined && lapCount !== undefined && firstLap + lapCount <= laps.length
      ? laps.slice(firstLap, firstLap + lapCount)
      : laps.filter((lap) => within(lap.startMs));
  return {
    startMs,
    endMs,
    sport: text(session.sport),
    subSport: text(session.sub_sport),
    profileName: text(session.sport_profile_name),
    totals,
    startPosition: pair(session.start_position_lat, session.start_position_long),
    endPosition: pair(session.end_position_lat, session.end_position_long),
    laps: own,
    points: points.filter((point) => within(point.atMs)),
    pauses: pauses.filter((pause) => within(pause.startMs)),
  };
}

/** The timer stands still from a stop event to the next start. */
function readPauses(events: Message[]): FitSession['pauses'] {
  const pauses: FitSession['pauses'] = [];
  let stoppedAt: number | undefined;
  for (const event of events) {
    if (event.event !== 'timer') continue;
    const at = millis(event.timestamp);
    if (at === undefined) continue;
    if (event.event_type === 'start') {
      if (stoppedAt !== undefined) pauses.push({ startMs: stoppedAt, endMs: at });
      stoppedAt = undefined;
    } else if (String(event.event_type).startsWith('stop')) stoppedAt ??= at;
  }
  return pauses;
}
