import { equalsConstantTime, hmac } from '../../lib/hash.ts';
import { randomSecret } from '../../lib/ids.ts';
import { cookieText, readCookie } from './cookies.ts';

const COOKIE = 'solum_page';
const DAY_SECONDS = 86_400;

/** Token for the forms of one page, and the cookie to set when the browser has none yet. */
export interface FormToken {
  token: string;
  setCookie: string | undefined;
}

/** Ties a posted form to the browser that got the page: an HMAC over a random cookie and what the form is about. */
export interface FormGuard {
  issue(cookieHeader: string | undefined, subject: string): FormToken;
  holds(cookieHeader: string | undefined, subject: string, token: string | undefined): boolean;
}

/** `pageKey` is the same in every process, so that any of them can check what another one issued. */
export function formGuard(pageKey: Uint8Array, secure: boolean): FormGuard {
  const derive = (browser: string, subject: string) =>
    hmac('sha256', pageKey, `form\n${browser}\n${subject}`).toString('base64url');
  return {
    issue(cookieHeader, subject) {
      const known = browserOf(cookieHeader);
      if (known) return { token: derive(known, subject), setCookie: undefined };
      const value = randomSecret();
      const cookie = { name: COOKIE, value, maxAge: DAY_SECONDS, path: '/' };
      return { token: derive(value, subject), setCookie: cookieText(cookie, { secure, sameSite: 'Lax' }) };
    },
    holds(cookieHeader, subject, token) {
      const browser = browserOf(cookieHeader);
      return browser !== undefined && token !== undefined && equalsConstantTime(derive(browser, subject), token);
    },
  };
}

/** Only a value that we could have set counts: 32 bytes in base64url. */
function browserOf(cookieHeader: string | undefined): string | undefined {
  const value = readCookie(cookieHeader, COOKIE);
  return value && /^[\w-]{43}$/.test(value) ? value : undefined;
}
