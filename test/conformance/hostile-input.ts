import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { type Route, routePaths } from '../../src/api/route.ts';

/** A request to one route, with anything in the places that a caller fills in. */
export interface HostileRequest {
  path: string;
  query: [string, string][];
  headers: Record<string, string>;
  body: string | undefined;
}

interface Property {
  type?: string;
}

const uuid = fc.uuid({ version: 4 });

/** Texts that break careless code: controls, poison, other types' spellings, length. */
const nasty = fc.oneof(
  fc.constantFrom('', '\0', 'a\0b', '\ud800', '__proto__', 'constructor', 'null', 'NaN', '-1', '1e9', '9'.repeat(40)),
  fc.constantFrom("' or 1=1 --", '<script>', '../../etc/passwd', '%00', '{{7*7}}', '\r\nx-injected: 1', '\u202e'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 20 }).map((text) => text.repeat(300)),
);

const plausible = fc.oneof(
  uuid,
  fc.constantFrom('true', 'false', '0', '1', '500', 'EXAMPLE', 'en', 'myapp://done', 'https://app.example/x?y=1#z'),
  fc.date({ min: new Date('2000-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((date) => {
    return date.toISOString().slice(0, 10);
  }),
  fc.integer({ min: 1_000_000_000, max: 1_999_999_999 }).map(String),
);

const text = fc.oneof({ weight: 3, arbitrary: plausible }, { weight: 2, arbitrary: nasty });

function propertiesOf(schema: TSchema | undefined): Record<string, Property> {
  return (schema as { properties?: Record<string, Property> } | undefined)?.properties ?? {};
}

const date = fc
  .date({ min: new Date('2025-09-01'), max: new Date('2026-07-01'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));

/** What a good caller could send for this parameter. */
function tame(name: string, property: Property, known: Record<string, string>): fc.Arbitrary<string> {
  if (known[name] !== undefined) return fc.oneof({ weight: 4, arbitrary: fc.constant(known[name]) }, uuid);
  if (property.type === 'boolean') return fc.constantFrom('true', 'false');
  if (property.type === 'integer') return fc.integer({ min: 0, max: 20 }).map(String);
  if (name === 'start_date') return date;
  if (name === 'end_date') return fc.constantFrom('2026-07-01', '2026-07-02', '1783209600');
  return plausible;
}

function tameQuery(route: Route, known: Record<string, string>): fc.Arbitrary<[string, string][]> {
  const each = Object.entries(propertiesOf(route.query)).map(([name, property]) =>
    fc.option(
      tame(name, property, known).map((value): [string, string] => [name, value]),
      { freq: 8 },
    ),
  );
  return fc.tuple(...each).map((pairs) => pairs.filter((pair) => pair !== null));
}

function query(route: Route, known: Record<string, string>): fc.Arbitrary<[string, string][]> {
  const declared = Object.keys(propertiesOf(route.query));
  const name = declared.length > 0 ? fc.constantFrom(...declared) : text;
  const hostile = fc.tuple(fc.oneof(name, nasty, fc.constantFrom('__proto__', 'a[b]', 'a[]')), text);
  const base = tameQuery(route, known);
  return fc.oneof(
    base,
    fc.tuple(base, hostile).map(([pairs, [key, value]]) => [...pairs.filter(([taken]) => taken !== key), [key, value]]),
    fc.tuple(base, fc.array(hostile, { maxLength: 3 })).map(([pairs, more]) => [...pairs, ...more]),
  ) as fc.Arbitrary<[string, string][]>;
}

function jsonValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    text,
    fc.boolean(),
    fc.constant(null),
    fc.double(),
    fc.array(text, { maxLength: 4 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
}

function body(route: Route, known: Record<string, string>): fc.Arbitrary<string | undefined> {
  const names = Object.keys(propertiesOf(route.body));
  const owned = fc.constantFrom(
    {},
    { data: [] },
    known,
    ...names.map((name) => ({ [name]: known[name] ?? 'EXAMPLE' })),
  );
  const shaped = fc.record(Object.fromEntries(names.map((name) => [name, jsonValue()])), { requiredKeys: [] });
  const lists = fc.array(fc.oneof(uuid, jsonValue()), { maxLength: 5 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .oneof(owned, fc.constant([known.user_id]), fc.constant([known.user_id, known.user_id]))
        .map((value) => JSON.stringify(value)),
    },
    { weight: 4, arbitrary: shaped.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: lists.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
    fc.constantFrom(
      '{"__proto__":{"a":1}}',
      '{"constructor":{"prototype":{}}}',
      '[',
      '{"a":',
      '"'.repeat(99),
      '['.repeat(20_000),
    ),
    fc.string({ unit: 'binary' }),
    fc.constant(undefined),
    fc.constant(`"${'x'.repeat(6_000_000)}"`).map((large) => (route.bodyLimit ? large : large.slice(0, 70_000))),
  );
}

function headers(key: Record<string, string>): fc.Arbitrary<Record<string, string>> {
  const token = fc.stringMatching(/^[\x21-\x7e]{0,200}$/);
  const credentials = fc.oneof(
    { weight: 6, arbitrary: fc.constant(key) },
    fc.constant<Record<string, string>>({}),
    fc.record({ 'dev-id': token, 'x-api-key': token }),
  );
  const type = fc.oneof(
    { weight: 6, arbitrary: fc.constant('application/json') },
    fc.constantFrom(
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data',
      'application/json; charset=x',
    ),
    token,
  );
  const rest = fc.record(
    { accept: fc.constantFrom('*/*', 'text/html', 'application/json'), cookie: token, 'content-type': type },
    { requiredKeys: ['content-type'] },
  );
  return fc.tuple(credentials, rest).map(([own, more]) => ({ ...more, ...own }));
}

export interface Caller {
  key: Record<string, string>;
  /** Values that exist, by the name of their parameter. */
  known: Record<string, string>;
}

/** Requests to one route: mostly with a valid key, so that the handler and not only the door is tried. */
export function hostileRequests(
  route: Route,
  prefixes: readonly string[],
  caller: Caller,
): fc.Arbitrary<HostileRequest> {
  const patterns = routePaths(route, prefixes);
  const hostile = fc.tuple(fc.constantFrom(...patterns), text).map(([pattern, value]) => {
    return pattern.replace(/:[A-Za-z]+/g, () => encodeSafely(value) || 'x');
  });
  const good = fc.constantFrom(...patterns).map((pattern) => {
    return pattern.replace(/:([A-Za-z]+)/g, (_, name: string) => caller.known[name] ?? 'x');
  });
  const path = fc.oneof(good, hostile);
  return fc
    .tuple(path, query(route, caller.known), headers(caller.key), body(route, caller.known))
    .map(([address, pairs, given, content]) => ({
      path: address,
      query: pairs,
      headers: given,
      body: route.method === 'GET' ? undefined : content,
    }));
}

/** Percent-encodes also what `encodeURIComponent` refuses (lone surrogates). */
export function encodeSafely(value: string): string {
  return encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd')).replaceAll('%EF%BF%BD', '%ED%A0%80');
}
