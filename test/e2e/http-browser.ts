/** A browser without pictures: cookies, forms, no automatic redirects. For flows under load, where Chromium is too slow. */
export class HttpBrowser {
  private readonly cookies = new Map<string, string>();

  async get(url: string): Promise<Page> {
    return this.go(url, { method: 'GET' });
  }

  async post(url: string, form: Record<string, string> | [string, string][]): Promise<Page> {
    const body = new URLSearchParams(form as Record<string, string>).toString();
    return this.go(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  }

  /** Follows redirects as long as they stay with the server; answers the last page, or the address that leads away. */
  async follow(page: Page, origin: string): Promise<Page> {
    let current = page;
    for (let hops = 0; hops < 10 && current.location; hops += 1) {
      if (!current.location.startsWith(`${origin}/`)) return current;
      current = await this.get(current.location);
    }
    return current;
  }

  private async go(url: string, init: RequestInit): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(cookie && { cookie }), accept: 'text/html' },
      signal: AbortSignal.timeout(20_000),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get('location');
    return {
      url,
      status: response.status,
      location: location === null ? undefined : new URL(location, url).href,
      html: await response.text(),
    };
  }
}

export interface Page {
  url: string;
  status: number;
  location: string | undefined;
  html: string;
}

/** The page's first form: where it goes and its hidden fields. */
export function formOf(page: Page): { action: string; hidden: [string, string][] } {
  const action = unescape(/<form[^>]*\baction="([^"]*)"/.exec(page.html)?.[1] ?? '');
  const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    (match): [string, string] => [unescape(match[1] ?? ''), unescape(match[2] ?? '')],
  );
  if (!action) throw new Error(`no form on the page (${page.status}): ${page.html.slice(0, 300)}`);
  return { action: new URL(action, page.url).href, hidden };
}

/** Values of the inputs of one name, e.g. the people or scopes that the simulated provider offers. */
export function choicesOf(page: Page, name: string): string[] {
  return [...page.html.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map((match) => unescape(match[1] ?? ''));
}

function unescape(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<');
}

export interface ConnectOutcome {
  userId: string | undefined;
  reason: string | undefined;
  url: string;
}

/** Connects (or denies) from an `auth_url` to the redirect at the end, at the simulated provider. */
export async function connectByHttp(
  authUrl: string,
  choice: { person?: string; deny?: boolean } = {},
): Promise<ConnectOutcome> {
  const browser = new HttpBrowser();
  const { origin } = new URL(authUrl);
  const consent = await browser.follow(await browser.get(authUrl), origin);
  const form = formOf(consent);
  const person = choice.person ?? choicesOf(consent, 'person')[0] ?? '';
  const scopes = choicesOf(consent, 'scope').map((scope): [string, string] => ['scope', scope]);
  const decision: [string, string] = ['decision', choice.deny ? 'deny' : 'allow'];
  const decided = await browser.post(form.action, [...form.hidden, ['person', person], ...scopes, decision]);
  const end = await browser.follow(decided, origin);
  const url = new URL(end.location ?? end.url);
  return {
    userId: url.searchParams.get('user_id') ?? undefined,
    reason: url.searchParams.get('reason') ?? undefined,
    url: url.href,
  };
}
