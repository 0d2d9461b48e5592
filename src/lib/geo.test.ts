import { expect, test } from 'vitest';
import { encodePolyline } from './geo.ts';

test('the example of the format’s documentation is encoded as there', () => {
  const points: [number, number][] = [
    [38.5, -120.2],
    [40.7, -120.95],
    [43.252, -126.453],
  ];
  expect(encodePolyline(points)).toBe('_p~iF~ps|U_ulLnnqC_mqNvxq`@');
});

test('no points, no text', () => {
  expect(encodePolyline([])).toBe('');
});
