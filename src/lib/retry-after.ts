/**
 * Seconds that a `Retry-After` header asks to wait, from its two forms: a count of seconds or an HTTP date
 * (RFC 9110 §10.2.3). Undefined when there is none or it cannot be read; never negative.
 */
export function retryAfterSeconds(value: string | undefined, nowSeconds: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (!/^[A-Za-z]{3,9}, /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil(at / 1000 - nowSeconds));
}
