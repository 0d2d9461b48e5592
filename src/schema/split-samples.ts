/*
 * A payload is kept as two bodies: what every reader wants, and the samples, which can be a thousand times as large and
 * are opened only when asked for.
 */

type Body = Record<string, unknown>;

const SAMPLES_NAME = /(^|_)samples(_|$)/;

/** A list of points of a series: named so, and every item has its time. `TSS_samples` have none: they are a summary. */
function isSeries(name: string, value: unknown): boolean {
  return SAMPLES_NAME.test(name) && Array.isArray(value) && value.length > 0 && value.every(hasTimestamp);
}

function hasTimestamp(item: unknown): boolean {
  return isPlain(item) && Object.hasOwn(item, 'timestamp');
}

function isPlain(value: unknown): value is Body {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * Cuts the series out of a body. `samples` has the shape of the body but holds only series; undefined when there are
 * none. Lists of other things are not looked into. The body is left as it is.
 */
export function splitSamples(body: Body): { summary: Body; samples: Body | undefined } {
  const summary: [string, unknown][] = [];
  const samples: [string, unknown][] = [];
  for (const [name, value] of Object.entries(body)) {
    if (isSeries(name, value)) samples.push([name, value]);
    else if (isPlain(value)) {
      const parts = splitSamples(value);
      summary.push([name, parts.summary]);
      if (parts.samples) samples.push([name, parts.samples]);
    } else summary.push([name, value]);
  }
  return {
    summary: Object.fromEntries(summary),
    samples: samples.length === 0 ? undefined : Object.fromEntries(samples),
  };
}

/** Puts the series back: `mergeSamples(...splitSamples(body))` equals the body, but for the order of members. */
export function mergeSamples(summary: Body, samples: Body | undefined): Body {
  if (!samples) return summary;
  const merged = new Map(Object.entries(summary));
  for (const [name, value] of Object.entries(samples)) {
    const own = merged.get(name);
    merged.set(name, isPlain(own) && isPlain(value) ? mergeSamples(own, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The value without any series, wherever it stands; lists of records are looked into. For deliveries without samples. */
export function stripSamples(value: Body): Body {
  const kept = Object.entries(value).filter(([name, item]) => !isSeries(name, item));
  return Object.fromEntries(kept.map(([name, item]) => [name, stripped(item)]));
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  return isPlain(value) ? stripSamples(value) : value;
}
