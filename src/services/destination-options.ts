import { DATA_TYPES } from '../core/data-type.ts';
import type { DestinationRow } from '../core/destination.ts';
import type { Field } from '../core/field.ts';
import { Problem } from '../core/problem.ts';
import { checkFields } from './fields.ts';

/** What every destination type takes besides its own fields: how the engine treats it. */
export const DELIVERY_FIELDS: Field[] = [
  {
    name: 'timeout',
    label: 'Timeout',
    kind: 'number',
    required: false,
    help: 'Seconds for one try, 1 to 30. Default 8.',
  },
  {
    name: 'concurrency',
    label: 'Concurrency',
    kind: 'number',
    required: false,
    help: 'Tries that may run at once, 1 to 64. Default 32.',
  },
  {
    name: 'max_attempts',
    label: 'Attempts',
    kind: 'number',
    required: false,
    help: 'Tries before a delivery is dead, 1 to 20. Default 11: the first and ten retries.',
  },
];

export type DeliveryOptionsChange = Partial<
  Pick<DestinationRow, 'timeoutMs' | 'concurrency' | 'maxAttempts' | 'eventTypes'>
>;

export const DEFAULTS = { timeoutMs: 8_000, concurrency: 32, maxAttempts: 11, eventTypes: undefined };

/** Types that a destination may be narrowed to. */
const EVENT_TYPES = new Set<string>([
  ...DATA_TYPES,
  'auth',
  'auth_cancelled',
  'deauth',
  'user_reauth',
  'access_revoked',
  'permission_change',
  'connection_error',
  'large_request_processing',
  'large_request_sending',
]);

/**
 * Separates the delivery options from a destination's own fields. Throws `bad_request` naming the option that is out of
 * its range or an event type that does not exist.
 */
export function splitOptions(input: Record<string, unknown>): {
  options: DeliveryOptionsChange;
  config: Record<string, unknown>;
} {
  const { timeout, concurrency, max_attempts, event_types, ...config } = input;
  const numbers = checkFields(DELIVERY_FIELDS, { timeout, concurrency, max_attempts });
  const options: DeliveryOptionsChange = {};
  const seconds = between(numbers, 'timeout', 1, 30, false);
  const sends = between(numbers, 'concurrency', 1, 64, true);
  const attempts = between(numbers, 'max_attempts', 1, 20, true);
  if (seconds !== undefined) options.timeoutMs = Math.round(seconds * 1000);
  if (sends !== undefined) options.concurrency = sends;
  if (attempts !== undefined) options.maxAttempts = attempts;
  if (event_types !== undefined) options.eventTypes = eventTypes(event_types);
  return { options, config };
}

function between(
  values: Record<string, unknown>,
  name: string,
  least: number,
  most: number,
  whole: boolean,
): number | undefined {
  const value = values[name] as number | undefined;
  if (value === undefined) return undefined;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new Problem('bad_request', {
    field: name,
    detail: `${name} must be ${whole ? 'a whole number ' : ''}from ${least} to ${most}`,
  });
}

/** A list, or a text separated by commas; null or an empty one: every type. */
function eventTypes(given: unknown): string[] | undefined {
  const list = typeof given === 'string' ? given.split(',').map((item) => item.trim()) : (given ?? []);
  const wrong = (): never => {
    throw new Problem('bad_request', {
      field: 'event_types',
      detail: `event_types must be a list of ${[...EVENT_TYPES].join(', ')}`,
    });
  };
  if (!Array.isArray(list)) return wrong();
  const types = list.filter((item) => item !== '');
  if (!types.every((item) => typeof item === 'string' && EVENT_TYPES.has(item))) return wrong();
  return types.length === 0 ? undefined : [...new Set<string>(types)];
}
