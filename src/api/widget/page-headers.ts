import { sha256 } from '../../lib/hash.ts';

export interface PageSources {
  /** Text of the inline style element, allowed by its hash. */
  style?: string;
  /** Allows our own script, style and JSON addresses (the first-steps app). */
  app?: boolean;
  secure: boolean;
}

/**
 * Security headers of every HTML answer. `form-action 'self'` stays on: answers to a POST that lead elsewhere are pages
 * that forward (`forward-page.tsx`), because Chromium applies the directive to redirects as well.
 */
export function pageHeaders(sources: PageSources): Record<string, string> {
  const styles = [
    ...(sources.app ? ["'self'"] : []),
    ...(sources.style ? [`'sha256-${sha256(sources.style).toString('base64')}'`] : []),
  ];
  const policy = [
    "default-src 'none'",
    ...(styles.length > 0 ? [`style-src ${styles.join(' ')}`] : []),
    ...(sources.app ? ["script-src 'self'", "connect-src 'self'"] : []),
    "img-src 'self' data: https:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...(sources.secure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}
