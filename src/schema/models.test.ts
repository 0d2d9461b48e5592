import { expect, test } from 'vitest';
import { wrongField } from './models.ts';

const metadata = {
  summary_id: 'one',
  start_time: '2026-02-03T07:15:00.000000+02:00',
  end_time: '2026-02-03T07:45:00.000000+02:00',
  type: 8,
  upload_type: 1,
};

test('a payload that has what the wire requires is valid, with absent and with null members', () => {
  expect(wrongField('activity', { metadata })).toBeUndefined();
  expect(wrongField('activity', { metadata, power_data: null, work_data: undefined })).toBeUndefined();
});

test.each([
  [{ metadata: { ...metadata, type: 2 } }, 'metadata.type'],
  [{ metadata, distance_data: { summary: { steps: 1.5 } } }, 'distance_data.summary.steps'],
  [{ metadata, calories_data: { total_burned_calories: Number.NaN } }, 'calories_data.total_burned_calories'],
  [
    { metadata, heart_rate_data: { detailed: { hr_samples: [{ bpm: 61 }, { bpm: '62' }] } } },
    'heart_rate_data.detailed.hr_samples.1.bpm',
  ],
  [{}, 'metadata'],
])('a wrong field is named (%#)', (body, field) => {
  expect(wrongField('activity', body)).toBe(field);
});

test('a type without a model cannot be valid', () => {
  expect(wrongField('toString', { metadata })).toBe('');
});
