import type { EnvironmentSettings } from '../../schema/environment-settings.ts';

/** What a result page or the app is told about a finished attempt. */
export interface Result {
  /** The session's id where the widget was used, else the flow's: names our own result page. */
  pageId: string;
  /** The app's own address; undefined: our page. */
  url: string | undefined;
  userId: string | undefined;
  referenceId: string | undefined;
  /** Provider code; undefined while none was chosen. */
  provider: string | undefined;
}

/** Where the browser goes after success: the app's url with `user_id`, `reference_id` and `resource` appended. */
export function successRedirect(publicUrl: string, settings: EnvironmentSettings, result: Result): string {
  return appendQuery(result.url ?? `${publicUrl}/session/${result.pageId}/success`, [
    ['user_id', result.userId ?? 'null'],
    ['reference_id', reference(settings, result)],
    ['resource', result.provider],
  ]);
}

/** Where the browser goes after a failure; `reason` is the last parameter. */
export function failureRedirect(
  publicUrl: string,
  settings: EnvironmentSettings,
  result: Result,
  reason: string,
): string {
  return appendQuery(result.url ?? `${publicUrl}/session/${result.pageId}/failure`, [
    ['user_id', result.userId ?? 'null'],
    ['resource', result.provider],
    ['reference_id', reference(settings, result)],
    ['reason', reason],
  ]);
}

/** Our own page always says it; the app's url only where the environment asked for the literal `null`. */
function reference(settings: EnvironmentSettings, result: Result): string | undefined {
  if (result.referenceId !== undefined) return result.referenceId;
  return result.url === undefined || settings.redirect_null_reference ? 'null' : undefined;
}

/**
 * Appends parameters to a url's own query, before its fragment. Works on the text, because the url is the app's and
 * may be a deep link: what it wrote stays as it wrote it, but for letters that a header cannot hold (RFC 9110 §5.5).
 */
function appendQuery(url: string, parameters: [string, string | undefined][]): string {
  const hashAt = url.indexOf('#');
  const base = hashAt === -1 ? url : url.slice(0, hashAt);
  const fragment = hashAt === -1 ? '' : url.slice(hashAt);
  const added = parameters
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const joint = !base.includes('?') ? '?' : /[?&]$/.test(base) ? '' : '&';
  return `${base}${joint}${added}${fragment}`.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
