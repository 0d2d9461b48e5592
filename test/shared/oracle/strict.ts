import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { sharedPath } from '../shared-folder.ts';

type Schema = Record<string, unknown>;

const SPEC = sharedPath('spec', 'terra');

/** Published schemas, compiled so that a member which they do not know is an error. */
export interface Oracle {
  /** By the name of a published event schema, e.g. `AuthSuccessEvent`. */
  event(name: string): ValidateFunction;
  /** The published answer of a route; problems for 4xx. */
  answer(document: 'v2' | 'widget', method: string, path: string, status: number): ValidateFunction;
}

export function openOracle(): Oracle {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  (addFormats as unknown as (target: Ajv2020) => void)(ajv);
  const files = new Map(
    readdirSync(join(SPEC, 'schemas')).map((name) => [name, load(join(SPEC, 'schemas', name))] as const),
  );
  const documents = { v2: load(join(SPEC, 'v2-bundled.yaml')), widget: load(join(SPEC, 'widget-bundled.yaml')) };
  const compiled = new Map<string, ValidateFunction>();
  const compile = (name: string, make: () => Schema): ValidateFunction => {
    const known = compiled.get(name) ?? ajv.compile(make());
    compiled.set(name, known);
    return known;
  };
  return {
    event: (name) =>
      compile(name, () => {
        const schema = files.get(`${name}.yaml`);
        if (!schema) throw new Error(`there is no published schema ${name}`);
        return strict(schema, fileResolver(files, schema));
      }),
    answer: (document, method, path, status) =>
      compile(`${document} ${method} ${path} ${status}`, () => {
        const root = documents[document];
        return strict(answerSchema(root, method, path, status), pointerResolver(root));
      }),
  };
}

function load(path: string): Schema {
  return parse(readFileSync(path, 'utf8')) as Schema;
}

function answerSchema(root: Schema, method: string, path: string, status: number): Schema {
  const resolve = pointerResolver(root);
  const operation = at(root, ['paths', path, method.toLowerCase()]) as Schema | undefined;
  const response = at(operation ?? {}, ['responses', String(status)]) as Schema | undefined;
  const found = response && '$ref' in response ? resolve(String(response.$ref)).schema : response;
  const content = (found?.content ?? {}) as Record<string, { schema: Schema }>;
  const schema = Object.values(content)[0]?.schema;
  if (!schema) throw new Error(`no published schema for ${method} ${path} ${status}`);
  return schema;
}

interface Resolved {
  schema: Schema;
  resolve: Resolve;
}
type Resolve = (reference: string) => Resolved;

function pointerResolver(root: Schema): Resolve {
  const resolve: Resolve = (reference) => ({
    schema: at(root, reference.replace(/^#\//, '').split('/')) as Schema,
    resolve,
  });
  return resolve;
}

function fileResolver(files: Map<string, Schema>, current: Schema): Resolve {
  return (reference) => {
    if (reference.startsWith('#/')) {
      return { schema: at(current, reference.slice(2).split('/')) as Schema, resolve: fileResolver(files, current) };
    }
    const schema = files.get(reference);
    if (!schema) throw new Error(`unknown reference ${reference}`);
    return { schema, resolve: fileResolver(files, schema) };
  };
}

function at(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Schema | undefined)?.[key.replaceAll('~1', '/')], value);
}

/** References put in place, and every object that names its members closed. Parts of an `allOf` are closed as a whole. */
function strict(schema: unknown, resolve: Resolve, inAllOf = false): Schema {
  if (schema === null || typeof schema !== 'object') return schema as Schema;
  const given = schema as Schema;
  if (typeof given.$ref === 'string') {
    const target = resolve(given.$ref);
    return strict(target.schema, target.resolve, inAllOf);
  }
  const out: Schema = {};
  for (const [key, value] of Object.entries(given)) {
    if (['examples', 'example', '$schema', '$defs', 'description', 'title', 'discriminator'].includes(key)) continue;
    out[key] = strictMember(key, value, resolve);
  }
  const closed = 'properties' in given || 'allOf' in given;
  if (closed && !inAllOf && !('additionalProperties' in given)) out.unevaluatedProperties = false;
  return out;
}

function strictMember(key: string, value: unknown, resolve: Resolve): unknown {
  if (key === 'properties') {
    return Object.fromEntries(Object.entries(value as Schema).map(([name, inner]) => [name, strict(inner, resolve)]));
  }
  if (key === 'allOf') return (value as unknown[]).map((inner) => strict(inner, resolve, true));
  if (Array.isArray(value) && ['anyOf', 'oneOf', 'prefixItems'].includes(key)) {
    return value.map((inner) => strict(inner, resolve));
  }
  if (['items', 'additionalProperties', 'not'].includes(key) && typeof value === 'object')
    return strict(value, resolve);
  return value;
}
