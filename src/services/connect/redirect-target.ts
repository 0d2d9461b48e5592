import { Problem } from '../../core/problem.ts';

/** Schemes that run code or show content in the browser that follows them, instead of going back to an app. */
const REFUSED = new Set(['javascript', 'data', 'vbscript', 'file', 'blob', 'filesystem', 'about', 'view-source']);

/** Everything a browser may skip before or inside a scheme: controls, blanks, invisible characters. */
const SKIPPED = /[\p{C}\p{Z}]/gu;

/**
 * Checks where a browser may be sent after connecting: any absolute url or deep link with a safe scheme, and one that
 * the allow-list names when there is one. Answers the url to use; undefined stays undefined.
 * Throws `redirect_refused` naming `field`.
 */
export function checkRedirect(url: string | undefined, allowList: string[], field: string): string | undefined {
  if (url === undefined || url.trim() === '') return undefined;
  const target = url.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(target.replace(SKIPPED, ''))?.[1]?.toLowerCase();
  if (scheme === undefined || REFUSED.has(scheme)) throw refused(field);
  // Whatever is left to skip would be read differently by different browsers.
  if (target.search(SKIPPED) !== -1) throw refused(field);
  const isWeb = scheme === 'http' || scheme === 'https';
  if (isWeb && !isPlainWebUrl(target)) throw refused(field);
  if (allowList.length > 0 && !allowList.some((prefix) => startsWith(target, prefix))) throw refused(field);
  return target;
}

function refused(field: string): Problem {
  return new Problem('redirect_refused', { field, detail: `redirect url is not allowed: ${field}` });
}

function isPlainWebUrl(target: string): boolean {
  if (!/^https?:\/\/[^/\\]/i.test(target) || target.includes('\\') || !URL.canParse(target)) return false;
  const { username, password } = new URL(target);
  return username === '' && password === '';
}

/**
 * A prefix of a web address must name the whole origin (`https://app.example` does not allow
 * `https://app.example.evil.net`) and the beginning of the path after dots are resolved. Every prefix must end where a
 * part of the address ends: `https://sites.example/acme` does not allow `https://sites.example/acme-evil`.
 */
function startsWith(target: string, prefix: string): boolean {
  if (!/^https?:/i.test(prefix)) return beginsAtPart(target.toLowerCase(), prefix.toLowerCase());
  if (!URL.canParse(prefix) || !/^https?:/i.test(target)) return false;
  const allowed = new URL(prefix);
  const asked = new URL(target);
  return asked.origin === allowed.origin && beginsAtPart(pathOf(asked), pathOf(allowed));
}

function pathOf({ pathname, search, hash }: URL): string {
  return `${pathname}${search}${hash}`;
}

function beginsAtPart(text: string, beginning: string): boolean {
  if (!text.startsWith(beginning)) return false;
  const next = text.charAt(beginning.length);
  return next === '' || '/?#&'.includes(next) || /[/:?=&]$/.test(beginning);
}
