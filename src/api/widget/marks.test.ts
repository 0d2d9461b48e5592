import { expect, test } from 'vitest';
import { logoSource, monogram } from './marks.tsx';

test('SVG text becomes an image, where it runs no script', () => {
  const source = logoSource('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  expect(source).toMatch(/^data:image\/svg\+xml;base64,[\w+/=]+$/);
});

test('logos come over https or not at all', () => {
  expect(logoSource('https://app.example/logo.png')).toBe('https://app.example/logo.png');
  expect(logoSource('http://app.example/logo.png')).toBeUndefined();
  expect(logoSource('javascript:alert(1)')).toBeUndefined();
  expect(logoSource('marks/x.svg')).toBeUndefined();
});

test('the tile shows one letter of a word and two of several', () => {
  expect(monogram('Alfa')).toBe('A');
  expect(monogram('Bravo ring plus')).toBe('BR');
  expect(monogram('健康 アプリ')).toBe('健ア');
  expect(monogram('—')).toBe('?');
});
