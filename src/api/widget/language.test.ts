import { describe, expect, test } from 'vitest';
import { chooseTexts, LANGUAGES } from './language.ts';
import { en } from './texts/en.ts';

describe('the language of a page', () => {
  test.each([
    ['de', 'fr', 'de'],
    ['DE-at', undefined, 'de'],
    [undefined, 'fr-CA,en;q=0.8', 'fr'],
    [undefined, 'en;q=0.5, ja;q=0.9', 'ja'],
    ['xx', 'ar', 'ar'],
    [undefined, 'de;q=0, es', 'es'],
    [undefined, 'tlh', 'en'],
    [undefined, undefined, 'en'],
  ])('session %s and Accept-Language %s give %s', (session, header, code) => {
    expect(chooseTexts(session, header).code).toBe(code);
  });

  test('only Arabic is written from the right', () => {
    expect(LANGUAGES.filter((texts) => texts.direction === 'rtl').map((texts) => texts.code)).toEqual(['ar']);
  });
});

/** Every sentence by its path, functions called with names that can be found again. */
function sentences(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String(value('Alfa', 'Bravo'))]];
  return Object.entries(value as object).flatMap(([name, inner]) => sentences(inner, `${path}/${name}`));
}

/** Words that are the same in two languages. */
const SHARED = new Set(['/reasonCode', '/forward/button', '/code', '/direction']);

describe.each(LANGUAGES.filter((texts) => texts !== en))('texts in $code', (texts) => {
  const english = new Map(sentences(en));

  test('every sentence is there and translated', () => {
    for (const [path, text] of sentences(texts)) {
      expect(text.trim(), path).not.toBe('');
      if (!SHARED.has(path)) expect(text, path).not.toBe(english.get(path));
    }
  });

  test('names stand wherever they stand in English', () => {
    for (const [path, text] of sentences(texts)) {
      for (const name of ['Alfa', 'Bravo']) {
        expect(text.includes(name), `${path} ${name}`).toBe(english.get(path)?.includes(name));
      }
    }
  });
});
