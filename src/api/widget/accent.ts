/** Colours that are drawn from an app's accent: a fill for buttons, the text on it, and the accent as text. */
export interface AccentColors {
  fill: string;
  onFill: string;
  text: string;
}

type Rgb = readonly [number, number, number];

/** Used when an app states no colour, or one that is not `#rrggbb`. */
export const DEFAULT_ACCENT = '#0f766e';

/** Least contrast of text (WCAG 2.2, 1.4.3) and of the parts of a control (1.4.11). */
const TEXT_CONTRAST = 4.5;
const CONTROL_CONTRAST = 3;

/** Moves `color` away from `background` (both `#rrggbb`) only as far as contrast asks. */
export function accentColors(color: string, background: string): AccentColors {
  const accent = parse(color) ?? (parse(DEFAULT_ACCENT) as Rgb);
  const ground = parse(background) as Rgb;
  const fill = reach(accent, ground, CONTROL_CONTRAST);
  const white: Rgb = [255, 255, 255];
  const black: Rgb = [0, 0, 0];
  const onFill = contrast(fill, white) >= TEXT_CONTRAST ? white : black;
  return { fill: format(fill), onFill: format(onFill), text: format(reach(accent, ground, TEXT_CONTRAST)) };
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrastRatio(a: string, b: string): number {
  return contrast(parse(a) as Rgb, parse(b) as Rgb);
}

function reach(color: Rgb, ground: Rgb, least: number): Rgb {
  const target = luminance(ground) > 0.18 ? 0 : 255;
  for (let part = 0; part < 100; part += 2) {
    const mixed = color.map((value) => Math.round(value + ((target - value) * part) / 100)) as unknown as Rgb;
    if (contrast(mixed, ground) >= least) return mixed;
  }
  return [target, target, target];
}

function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parse(color: string): Rgb | undefined {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (!match) return undefined;
  return match.slice(1).map((part) => Number.parseInt(part, 16)) as unknown as Rgb;
}

function format(color: Rgb): string {
  return `#${color.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
