import { type Field, isSecretField } from '../core/field.ts';
import { Problem } from '../core/problem.ts';

export type FieldValue = string | number | boolean;

/** What stands in place of a secret wherever values are shown. */
export const MASK = '••••••••';

/**
 * Checks input against field definitions. Texts of the command line and of forms are read as the field's kind; missing
 * optional fields take their default. Throws `bad_request` naming the field that is missing, unknown or malformed; the
 * message never repeats the value.
 */
export function checkFields(fields: Field[], input: Record<string, unknown>): Record<string, FieldValue> {
  const known = new Set(fields.map((field) => field.name));
  const unknown = Object.keys(input).find((name) => !known.has(name));
  if (unknown !== undefined) throw refused(unknown, `there is no field ${unknown}`);
  const values: Record<string, FieldValue> = {};
  for (const field of fields) {
    const given = input[field.name];
    const value = given === undefined || given === null || given === '' ? field.default : read(field, given);
    if (value !== undefined) values[field.name] = value;
    else if (field.required !== false) throw refused(field.name, `${field.name} is required`);
  }
  return values;
}

/**
 * The values for display: secrets that are set are masked, and so are the parts of an address where keys stand; fields
 * that are not defined are left out.
 */
export function maskFields(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  const shown = fields.filter((field) => values[field.name] !== undefined);
  return Object.fromEntries(shown.map((field) => [field.name, masked(field, values[field.name])]));
}

function masked(field: Field, value: unknown): unknown {
  if (isSecretField(field)) return MASK;
  return field.kind === 'url' && typeof value === 'string' ? maskAddress(value) : value;
}

/** Without user and password, query and fragment. */
function maskAddress(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`).replace(/([?#]).+$/s, `$1${MASK}`);
}

function read(field: Field, given: unknown): FieldValue {
  const value = readKind(field, given);
  if (field.pattern !== undefined && !new RegExp(`^(?:${field.pattern})$`, 'u').test(String(value))) {
    throw refused(field.name, `${field.name} does not have the right form`);
  }
  return value;
}

function readKind(field: Field, given: unknown): FieldValue {
  switch (field.kind) {
    case 'number':
      return readNumber(field, given);
    case 'boolean':
      if (given === true || given === 'true') return true;
      if (given === false || given === 'false') return false;
      throw refused(field.name, `${field.name} must be true or false`);
    default:
      return readText(field, given);
  }
}

function readNumber(field: Field, given: unknown): number {
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw refused(field.name, `${field.name} must be a number`);
  }
  return number;
}

function readText(field: Field, given: unknown): string {
  if (typeof given !== 'string') throw refused(field.name, `${field.name} must be a text`);
  const text = isSecretField(field) ? given : given.trim();
  if (field.choices && !field.choices.some((choice) => choice.value === text)) {
    const values = field.choices.map((choice) => choice.value).join(', ');
    throw refused(field.name, `${field.name} must be one of ${values}`);
  }
  if (field.kind === 'url' && !URL.canParse(text)) throw refused(field.name, `${field.name} must be an address`);
  if (field.kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(text)) {
    throw refused(field.name, `${field.name} must be an e-mail address`);
  }
  return text;
}

function refused(field: string, detail: string): Problem {
  return new Problem('bad_request', { detail, field });
}
