/** Number of tints in the style sheet (`.tint-0` …). */
export const TINTS = 8;

/** The mark of a provider or an app: its logo, or a tile with the beginning of its name. */
export function Mark({ name, logo }: { name: string; logo: string | undefined }) {
  const source = logoSource(logo);
  if (source) return <img class="mark" src={source} alt="" width="44" height="44" />;
  return (
    <span class={`mark tint-${tintOf(name)}`} aria-hidden="true">
      {monogram(name)}
    </span>
  );
}

/**
 * What may stand in `src`. SVG text becomes a data address: as an image it runs no script and loads nothing. Any other
 * scheme than https is left out.
 */
export function logoSource(logo: string | undefined): string | undefined {
  if (!logo) return undefined;
  if (/^https:\/\//i.test(logo) || /^data:image\/(png|jpeg|webp|svg\+xml)[;,]/i.test(logo)) return logo;
  const svg = logo.trimStart();
  if (!/^(<\?xml[^>]*>\s*)?<svg[\s>]/i.test(svg)) return undefined;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

/** One or two letters: the initials of two words, else the first letter. */
export function monogram(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return initials.join('').toUpperCase() || '?';
}

function tintOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum % TINTS;
}
