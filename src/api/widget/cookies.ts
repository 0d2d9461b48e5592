import type { Cookie } from '../../services/services.ts';

/** The value of one cookie in a `Cookie` header; undefined when it is not there (RFC 6265 §5.4). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

export interface CookieOptions {
  secure: boolean;
  sameSite: 'Lax' | 'Strict';
}

/** A `Set-Cookie` value. Always HttpOnly: no page of ours reads its cookies. */
export function cookieText(cookie: Cookie, options: CookieOptions): string {
  const parts = [
    `${cookie.name}=${cookie.value}`,
    `Path=${cookie.path}`,
    `Max-Age=${cookie.maxAge}`,
    'HttpOnly',
    `SameSite=${options.sameSite}`,
  ];
  if (options.secure) parts.push('Secure');
  return parts.join('; ');
}
