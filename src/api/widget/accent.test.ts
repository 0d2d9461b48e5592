import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accentColors, contrastRatio } from './accent.ts';

const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

test.each(['#ffffff', '#171b22'])('any accent stays readable on %s', (background) => {
  fc.assert(
    fc.property(color, (accent) => {
      const colors = accentColors(accent, background);
      expect(contrastRatio(colors.text, background)).toBeGreaterThanOrEqual(4.5);
      expect(contrastRatio(colors.fill, background)).toBeGreaterThanOrEqual(3);
      expect(contrastRatio(colors.onFill, colors.fill)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

test('an accent that has contrast already is kept', () => {
  expect(accentColors('#0f766e', '#ffffff')).toEqual({ fill: '#0f766e', onFill: '#ffffff', text: '#0f766e' });
});

test('what is not a colour falls back to the default', () => {
  expect(accentColors('red;}body{display:none', '#ffffff')).toEqual(accentColors('#0f766e', '#ffffff'));
});

test('contrast of black and white is 21, as WCAG defines it', () => {
  expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21, 5);
});
