/** Schemes that run or show content instead of going somewhere. */
const REFUSED = /^(javascript|data|vbscript|file|blob|about|view-source):/i;

/** True for our own paths, web addresses and the deep links of apps. */
export function isSafeTarget(url: string): boolean {
  if (/^\/(?![/\\])/.test(url)) return true;
  return /^[a-z][a-z\d+.-]*:/i.test(url) && !REFUSED.test(url);
}
