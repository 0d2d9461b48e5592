import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { activity } from './activity.ts';

/** Wire models of the data types that are produced. */
const MODELS: Record<string, TSchema> = { activity };

const compiled = new Map<string, ReturnType<typeof Compile>>();

/**
 * Checks a payload against the wire model of its type. Undefined: it is valid. Otherwise the path of the first field
 * that is not, without its value; empty when the type has no model.
 */
export function wrongField(type: string, body: Record<string, unknown>): string | undefined {
  const model = modelOf(type);
  if (!model) return '';
  if (model.Check(body)) return undefined;
  // Every level above the wrong field reports as well, since each could have been null instead.
  const paths = model.Errors(body).map((error) => error.instancePath);
  const deepest = paths.reduce((longest, path) =>
    path.split('/').length > longest.split('/').length ? path : longest,
  );
  return deepest.slice(1).replaceAll('/', '.') || 'metadata';
}

function modelOf(type: string): ReturnType<typeof Compile> | undefined {
  const known = compiled.get(type);
  const schema = Object.hasOwn(MODELS, type) ? MODELS[type] : undefined;
  if (known || !schema) return known;
  const made = Compile(schema);
  compiled.set(type, made);
  return made;
}
