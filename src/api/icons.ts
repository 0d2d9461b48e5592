import type { LoadedProvider } from '../core/provider.ts';
import { sha256 } from '../lib/hash.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]) : [[...(words[0] ?? '?')][0]];
  return letters.join('').toUpperCase();
}

/**
 * The provider's picture as SVG text: the manifest's own when it holds one, else its initials on a ground whose hue
 * comes from the code, so that it is the same everywhere.
 */
export function providerMark(provider: Pick<LoadedProvider, 'id' | 'name' | 'logo'>): string {
  const logo = provider.logo?.trim();
  if (logo?.startsWith('<svg')) return logo;
  const hue = Math.round(((sha256(provider.id)[0] ?? 0) / 256) * 360);
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">',
    `<title>${escapeXml(provider.name)}</title>`,
    `<rect width="64" height="64" rx="14" fill="hsl(${hue} 45% 32%)"/>`,
    '<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="26" font-weight="600" ',
    `text-anchor="middle" dominant-baseline="central">${escapeXml(initials(provider.name))}</text></svg>`,
  ].join('');
}
