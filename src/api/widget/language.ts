import { ar } from './texts/ar.ts';
import { de } from './texts/de.ts';
import { en } from './texts/en.ts';
import { es } from './texts/es.ts';
import { fr } from './texts/fr.ts';
import { ja } from './texts/ja.ts';
import type { Texts } from './texts/texts.ts';

/** Every language that the pages speak. */
export const LANGUAGES: readonly Texts[] = [en, es, fr, de, ja, ar];

/**
 * The session's language, else the first of `Accept-Language` (by quality) that we have, else English. Region subtags
 * are cut and case does not count.
 */
export function chooseTexts(sessionLanguage: string | undefined, acceptLanguage: string | undefined): Texts {
  for (const tag of [sessionLanguage ?? '', ...accepted(acceptLanguage ?? '')]) {
    const found = LANGUAGES.find((texts) => texts.code === primary(tag));
    if (found) return found;
  }
  return en;
}

function primary(tag: string): string {
  return tag.trim().toLowerCase().split(/[-_]/)[0] ?? '';
}

/** Language tags of the header, the most wanted first (RFC 9110 §12.5.4). */
function accepted(header: string): string[] {
  return header
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';');
      const quality = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1]).find(Boolean);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter((entry) => entry.quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map((entry) => entry.tag);
}
