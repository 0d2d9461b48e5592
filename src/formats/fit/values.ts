export type Message = Record<string, unknown>;

/** Rows of a message list; anything else is none. */
export function rows(value: unknown): Message[] {
  return Array.isArray(value) ? value.filter((row): row is Message => row !== null && typeof row === 'object') : [];
}

/** A finite number, or undefined. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Text of a string or number, or undefined for anything else and for empty text. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const clean = value.replaceAll('\u0000', '').trim();
  return clean === '' ? undefined : clean;
}

/** Epoch milliseconds of the parser's dates. */
export function millis(value: unknown): number | undefined {
  if (!(value instanceof Date) && typeof value !== 'string') return undefined;
  const at = new Date(value).getTime();
  return Number.isFinite(at) ? at : undefined;
}

/** [latitude, longitude] in degrees; positions outside the globe, and 0/0 that devices write for "none", are missing. */
export function pair(latitude: unknown, longitude: unknown): [number, number] | undefined {
  const lat = number(latitude);
  const lng = number(longitude);
  if (lat === undefined || lng === undefined || Math.abs(lat) > 90 || Math.abs(lng) > 180) return undefined;
  return lat === 0 && lng === 0 ? undefined : [lat, lng];
}
