/**
 * An instant as the wire writes it: ISO 8601 with microseconds and offset, e.g. `2022-10-28T10:00:00.000000+01:00`.
 * `offsetMinutes` is minutes east of UTC.
 */
export function formatInstant(instant: Date, offsetMinutes = 0): string {
  const local = new Date(instant.getTime() + offsetMinutes * 60_000);
  return `${local.toISOString().slice(0, -1)}000${formatOffset(offsetMinutes)}`;
}

/** `+01:00`, `-05:30`, `+00:00`. */
function formatOffset(offsetMinutes: number): string {
  const sign = offsetMinutes < 0 ? '-' : '+';
  const absolute = Math.abs(Math.round(offsetMinutes));
  const hours = String(Math.floor(absolute / 60)).padStart(2, '0');
  return `${sign}${hours}:${String(absolute % 60).padStart(2, '0')}`;
}

/** The calendar day `YYYY-MM-DD` at this offset. */
export function localDay(instant: Date, offsetMinutes: number): string {
  return new Date(instant.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 10);
}

/** Minutes east of UTC in an IANA zone at that instant; undefined for a zone the runtime does not know. */
export function zoneOffsetMinutes(zone: string, instant: Date): number | undefined {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      timeZoneName: 'longOffset',
    }).formatToParts(instant);
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(name);
    if (!match) return undefined;
    const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
    return match[1] === '-' ? -minutes : minutes;
  } catch {
    return undefined;
  }
}
