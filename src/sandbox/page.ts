import type { Consent, Person } from '../core/sandbox.ts';
import { sha256 } from '../lib/hash.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--ground:#fff;--line:#8a9199;--accent:#1f4f8f;--on-accent:#fff;--note:#fdf3d0;--on-note:#3a2d00}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--ground:#16191d;--line:#7c858f;--accent:#9cc3ff;--on-accent:#0c1a2e;--note:#3b3008;--on-note:#fbe9ab}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
.note{margin:0;padding:.75rem 1rem;background:var(--note);color:var(--on-note);font-weight:600;text-align:center}
main{max-width:34rem;margin:0 auto;padding:1rem}
h1{font-size:1.375rem;line-height:1.25;margin:.5rem 0 1rem;overflow-wrap:anywhere}
fieldset{margin:0 0 1.25rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem}
legend{padding:0 .25rem;font-weight:600}
label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem;padding:.25rem 0;overflow-wrap:anywhere}
input{flex:none;width:1.25rem;height:1.25rem;accent-color:var(--accent)}
.about{display:block;font-size:.875rem;line-height:1.35}
.choice{display:flex;flex-direction:column;gap:.75rem}
button{min-height:3rem;padding:.5rem 1rem;border:1px solid var(--accent);border-radius:.5rem;font:inherit;font-weight:600;background:var(--ground);color:var(--accent)}
button.main{background:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media (min-width:30rem){.choice{flex-direction:row}.choice button{flex:1}}
`;

/** `form-action` stays open: browsers hold the redirects after the form to it, and those end at the app's own address. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${sha256(STYLE).toString('base64')}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface Page {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface ConsentPageInput {
  provider: string;
  consent: Consent;
  people: readonly Person[];
  /** Where the form goes. */
  action: string;
  ticket: string;
  now: Date;
}

/** The page on which one of the seeded people is chosen and allows or denies. It asks for no password. */
export function consentPage(input: ConsentPageInput): Page {
  const { provider, consent, people } = input;
  return page(200, `Connect a test account of ${provider}`, [
    `<p>An app asks to read the data of a simulated ${escapeHtml(provider)} account. Choose whose.</p>`,
    `<form method="post" action="${escapeHtml(input.action)}">`,
    `<input type="hidden" name="ticket" value="${escapeHtml(input.ticket)}">`,
    '<fieldset><legend>Person</legend>',
    ...people.map((person, index) => personChoice(person, index === 0, input.now)),
    '</fieldset>',
    ...scopeChoices(consent.scopes),
    '<div class="choice">',
    '<button class="main" name="decision" value="allow">Allow</button>',
    '<button name="decision" value="deny">Deny</button>',
    '</div></form>',
  ]);
}

/** A page that says why nothing goes on here. */
export function messagePage(status: number, title: string, text: string): Page {
  return page(status, title, [`<p>${escapeHtml(text)}</p>`]);
}

function personChoice(person: Person, isFirst: boolean, now: Date): string {
  const about = `${ageOf(person, now)} years, ${person.zone.replaceAll('_', ' ')}`;
  const checked = isFirst ? ' checked' : '';
  return [
    `<label><input type="radio" name="person" value="${escapeHtml(person.key)}"${checked}>`,
    `<span>${escapeHtml(`${person.firstName} ${person.lastName}`)}`,
    `<span class="about">${escapeHtml(about)}</span></span></label>`,
  ].join('');
}

function scopeChoices(scopes: string[]): string[] {
  if (scopes.length === 0) return [];
  const boxes = scopes.map((scope) => {
    const text = escapeHtml(scope);
    return `<label><input type="checkbox" name="scope" value="${text}" checked><span>${text}</span></label>`;
  });
  return ['<fieldset><legend>What the app may read</legend>', ...boxes, '</fieldset>'];
}

/** Whole years at that day. */
export function ageOf(person: Pick<Person, 'birthDate'>, now: Date): number {
  const today = now.toISOString().slice(0, 10);
  const hadBirthday = today.slice(5) >= person.birthDate.slice(5);
  return Number(today.slice(0, 4)) - Number(person.birthDate.slice(0, 4)) - (hadBirthday ? 0 : 1);
}

function page(status: number, title: string, content: string[]): Page {
  const body = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="robots" content="noindex">',
    `<title>${escapeHtml(title)} (simulated)</title><style>${STYLE}</style></head><body>`,
    '<header><p class="note">Simulated provider: nothing here is real, and no password is needed.</p></header>',
    `<main><h1>${escapeHtml(title)}</h1>`,
    ...content,
    '</main></body></html>',
  ].join('\n');
  return { status, headers: { ...PAGE_HEADERS }, body };
}

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
