import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeSamples, splitSamples, stripSamples } from './split-samples.ts';

const body = {
  metadata: { summary_id: 'one', name: null },
  heart_rate_data: {
    summary: { avg_hr_bpm: 131 },
    detailed: { hr_samples: [{ timestamp: '2026-02-03T07:15:00.000000+02:00', bpm: 120 }] },
  },
  glucose_data: { samples: [{ timestamp: '2026-02-03T07:20:00.000000+02:00' }], day_avg: 5.1 },
  hrv: { hrv_samples_rmssd: [{ timestamp: '2026-02-03T07:25:00.000000+02:00', hrv_rmssd: 41 }] },
  TSS_data: { TSS_samples: [{ actual: 55, method: null }] },
  lap_data: { laps: [{ start_time: '2026-02-03T07:15:00.000000+02:00' }] },
};

test('series are cut out, everything else stays', () => {
  expect(splitSamples(body)).toEqual({
    summary: {
      metadata: body.metadata,
      heart_rate_data: { summary: { avg_hr_bpm: 131 }, detailed: {} },
      glucose_data: { day_avg: 5.1 },
      hrv: {},
      TSS_data: body.TSS_data,
      lap_data: body.lap_data,
    },
    samples: {
      heart_rate_data: { detailed: body.heart_rate_data.detailed },
      glucose_data: { samples: body.glucose_data.samples },
      hrv: body.hrv,
    },
  });
});

test('a body without series has no samples', () => {
  const plain = { metadata: { name: null }, power_data: { power_samples: [] } };
  expect(splitSamples(plain)).toEqual({ summary: plain, samples: undefined });
});

test('samples are stripped from every record of an event, scores without a time stay', () => {
  const event = { type: 'activity', data: [body, { body_data: { temperature_samples: [{ timestamp: 't' }] } }] };
  expect(stripSamples(event)).toEqual({
    type: 'activity',
    data: [splitSamples(body).summary, { body_data: {} }],
  });
});

const leaf = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.boolean(), fc.constant(null));
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('samples', 'hr_samples', 'hrv_samples_sdnn', 'TSS_samples', 'detailed', '__proto__', 'constructor'),
);
const point = fc.oneof(
  fc.record({ timestamp: fc.oneof(fc.string(), fc.constant(null)), value: leaf }),
  fc.record({ value: leaf }),
);
const { node } = fc.letrec((tie) => ({
  node: fc.dictionary(name, tie('value') as fc.Arbitrary<unknown>, { maxKeys: 6, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(point, { maxLength: 3 }),
    fc.array(leaf, { maxLength: 3 }),
    tie('node'),
  ),
}));
const anyBody = node as fc.Arbitrary<Record<string, unknown>>;

test('merging what was split gives the body again', () => {
  fc.assert(
    fc.property(anyBody, (given) => {
      const { summary, samples } = splitSamples(given);
      expect(mergeSamples(summary, samples)).toEqual(given);
    }),
  );
});

test('the summary is what is left after stripping, and splitting it again finds nothing', () => {
  fc.assert(
    fc.property(anyBody, (given) => {
      const { summary } = splitSamples(given);
      expect(splitSamples(summary).samples).toBeUndefined();
      expect(stripSamples(summary)).toEqual(stripSamples(given));
    }),
  );
});

test('splitting and merging leave their arguments alone', () => {
  fc.assert(
    fc.property(anyBody, (given) => {
      const before = structuredClone(given);
      const { summary, samples } = splitSamples(given);
      mergeSamples(summary, samples);
      stripSamples(given);
      expect(given).toEqual(before);
    }),
  );
});
