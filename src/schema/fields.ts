import { type Static, type TSchema, Type } from 'typebox';

/** Builders for the members of wire models. All but the required ones may be absent or null: missing is not zero. */

function nullable<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

/** A number with its unit, e.g. `beats/min`. */
export function measure(unit = '', bounds: { minimum?: number; maximum?: number } = {}) {
  return nullable(Type.Number({ ...bounds, ...(unit === '' ? {} : { description: `in ${unit}` }) }));
}

/** A whole number with its unit. */
export function count(unit = '', bounds: { minimum?: number } = {}) {
  return nullable(Type.Integer({ ...bounds, ...(unit === '' ? {} : { description: `in ${unit}` }) }));
}

export function text() {
  return nullable(Type.String());
}

/** ISO 8601 with microseconds and offset. */
export function time() {
  return nullable(Type.String({ description: 'ISO 8601 with microseconds and offset' }));
}

export function part<T extends TSchema>(schema: T) {
  return nullable(schema);
}

export function list<T extends TSchema>(schema: T) {
  return nullable(Type.Array(schema));
}

export function numbers(unit: string) {
  return nullable(Type.Array(Type.Number(), { description: `in ${unit}` }));
}

/** [latitude, longitude] in degrees (WGS 84). */
export function position() {
  return nullable(Type.Tuple([Type.Number(), Type.Number()], { description: '[latitude, longitude] in degrees' }));
}

/** Name of a contributing factor → its weight in the score. */
export function contributors() {
  return nullable(Type.Record(Type.String(), Type.Number()));
}

/** A union of the values of an `as const` object. */
export function oneOf<T extends Record<string, string | number>>(values: T, description: string) {
  return Type.Unsafe<T[keyof T]>({ enum: Object.values(values), description });
}

export type { Static };
