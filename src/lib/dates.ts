/** A point on the time axis as callers write it: a calendar day (local to the user) or an instant. */
export type DateInput = { kind: 'day'; day: string } | { kind: 'instant'; at: Date };

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/i;
const DAY_MILLISECONDS = 86_400_000;

/** True for a day that exists in the calendar. */
export function isCalendarDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * Reads `YYYY-MM-DD`, 10 digits (unix seconds), 13 digits (unix milliseconds) or an ISO 8601 date-time (UTC unless it
 * names an offset). Undefined for anything else, and for days and times that do not exist.
 */
export function parseDateInput(text: string): DateInput | undefined {
  if (DAY.test(text)) return isCalendarDay(text) ? { kind: 'day', day: text } : undefined;
  if (/^\d{10}$/.test(text)) return { kind: 'instant', at: new Date(Number(text) * 1000) };
  if (/^\d{13}$/.test(text)) return { kind: 'instant', at: new Date(Number(text)) };
  const match = DATE_TIME.exec(text);
  if (!match || !isCalendarDay(text.slice(0, 10))) return undefined;
  const iso = text
    .toUpperCase()
    .replace(' ', 'T')
    .replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  const at = new Date(match[1] ? iso : `${iso}Z`);
  return Number.isNaN(at.getTime()) ? undefined : { kind: 'instant', at };
}

/** The instant itself, or the start of the day in UTC. */
export function instantOf(input: DateInput): Date {
  return input.kind === 'instant' ? input.at : new Date(`${input.day}T00:00:00Z`);
}

/** Days from `start` to `end`, fractions included; negative when `end` comes first. */
export function daysBetween(start: DateInput, end: DateInput): number {
  return (instantOf(end).getTime() - instantOf(start).getTime()) / DAY_MILLISECONDS;
}
