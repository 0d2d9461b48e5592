/** Finds what is wrong with a value. Each line is `path: what it has to be`. */
export type Check = (value: unknown, path: string) => string[];

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plainly(test: (value: unknown) => boolean, needed: string): Check {
  return (value, path) =>
    test(value) ? [] : [`${path}: ${value === undefined ? 'is missing, ' : ''}has to be ${needed}`];
}

export const text = plainly((value) => typeof value === 'string' && value.trim() !== '', 'a text');
export const fn = plainly((value) => typeof value === 'function', 'a function');
export const flag = plainly((value) => typeof value === 'boolean', 'true or false');

/** A finite number of at least `least`. */
export function number(least: number): Check {
  const test = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= least;
  return plainly(test, `a number of at least ${least}`);
}

export function matching(pattern: RegExp, needed: string): Check {
  return plainly((value) => typeof value === 'string' && pattern.test(value), needed);
}

export function oneOf(values: readonly (string | boolean)[]): Check {
  const needed = `one of ${values.join(', ')}`;
  return plainly((value) => values.some((known) => known === value), needed);
}

/** An absolute https address. */
export const httpsUrl = plainly(
  (value) => typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === 'https:',
  'an https address',
);

/** An https address of nothing but scheme, host and port. */
export const httpsOrigin = plainly(
  (value) => typeof value === 'string' && URL.canParse(value) && isHttpsOrigin(value),
  'an https origin without a path, e.g. https://api.example.com',
);

function isHttpsOrigin(value: string): boolean {
  const url = new URL(value);
  return url.protocol === 'https:' && url.origin === value;
}

export function optional(check: Check): Check {
  return (value, path) => (value === undefined ? [] : check(value, path));
}

export function either(first: Check, second: Check): Check {
  return (value, path) => {
    const problems = first(value, path);
    return problems.length === 0 || second(value, path).length === 0 ? [] : problems;
  };
}

export function list(check: Check, least = 0): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return [`${path}: has to be a list`];
    if (value.length < least) return [`${path}: has to name at least ${least}`];
    return value.flatMap((item: unknown, index) => check(item, `${path}[${index}]`));
  };
}

/** Any names, one kind of value. */
export function record(check: Check): Check {
  return (value, path) => {
    if (!isObject(value)) return [`${path}: has to be an object`];
    return Object.entries(value).flatMap(([name, item]) => check(item, `${path}.${name}`));
  };
}

/** These members and no others, so that a misspelt optional one is found. The type keeps the table complete. */
export function shape<T>(members: { [Name in keyof Required<T>]: Check }): Check {
  const table = new Map<string, Check>(Object.entries(members));
  return (value, path) => {
    if (!isObject(value)) return [`${path || 'the manifest'}: has to be an object`];
    const at = (name: string) => (path ? `${path}.${name}` : name);
    const unknown = Object.keys(value)
      .filter((name) => !table.has(name))
      .map((name) => `${at(name)}: there is no such field`);
    return [...unknown, ...[...table].flatMap(([name, check]) => check(value[name], at(name)))];
  };
}

/** Looks at `kind` and goes on with the check of that kind. */
export function byKind(checks: Record<string, Check>): Check {
  return (value, path) => {
    if (!isObject(value)) return [`${path}: has to be an object`];
    const check = typeof value.kind === 'string' && Object.hasOwn(checks, value.kind) ? checks[value.kind] : undefined;
    return check ? check(value, path) : [`${path}.kind: has to be one of ${Object.keys(checks).join(', ')}`];
  };
}
