/** The members that are known; undefined when none is. Missing is absent, never zero. */
export function known<T extends object>(members: T): Known<T> | undefined {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return present.length === 0 ? undefined : (Object.fromEntries(present) as Known<T>);
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Heart rates and the like for which devices write 0 when they measured nothing. */
export function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

/** Rounded to `decimals`, which takes away the noise of binary fractions. */
export function rounded(value: number | undefined, decimals: number): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(decimals));
}

/** A whole number. */
export function whole(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

export interface Spread {
  mean: number;
  minimum: number;
  maximum: number;
}

/** Mean (2 decimals), smallest and largest; undefined without values. */
export function spreadOf(values: number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  let sum = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  }
  return { mean: Number((sum / values.length).toFixed(2)), minimum, maximum };
}
