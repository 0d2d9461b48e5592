/** As much of a browser as connecting needs: cookies with their paths, redirects one by one, forms. */
export class Browser {
  #cookies: { name: string; value: string; path: string }[] = [];
  /** Every address that it opened or was sent to. */
  readonly trail: string[] = [];
  /** Every cookie value that it was given. */
  readonly given: string[] = [];
  /** Addresses that it does not open when it is sent there. */
  stopsAt: RegExp | undefined;

  /** Follows redirects within `localhost`; answers the page, or the first address outside. */
  async open(url: string, init: RequestInit = {}): Promise<{ url: string; page: string | undefined }> {
    let next = new URL(url);
    let request = init;
    for (let hop = 0; hop < 10; hop += 1) {
      this.trail.push(next.href);
      const isEnd = next.hostname !== 'localhost' || (hop > 0 && this.stopsAt?.test(next.pathname));
      if (isEnd) return { url: next.href, page: undefined };
      const headers = { accept: 'text/html', ...request.headers, cookie: this.#cookieHeader(next) };
      const answer = await fetch(next, { ...request, headers, redirect: 'manual' });
      this.#keep(answer);
      const location = answer.headers.get('location');
      if (!location) return { url: next.href, page: await answer.text() };
      next = new URL(location, next);
      request = {};
    }
    throw new Error('too many redirects');
  }

  #cookieHeader(url: URL): string {
    const fitting = this.#cookies.filter(({ path }) => url.pathname.startsWith(path));
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keep(answer: Response): void {
    for (const text of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = text.split('; ');
      const name = pair.slice(0, pair.indexOf('='));
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const isGone = attributes.some((attribute) => /^max-age=0$/i.test(attribute));
      this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name);
      if (isGone) continue;
      const value = pair.slice(name.length + 1);
      this.#cookies.push({ name, value, path });
      this.given.push(value);
    }
  }
}

export interface ConsentChoice {
  decision?: 'allow' | 'deny';
  /** Default: the person that the page has chosen. */
  person?: string;
}

/** Opens a login link, answers the simulated provider's consent page and says where the browser ends. */
export async function consentTo(browser: Browser, authUrl: string, choice: ConsentChoice = {}): Promise<string> {
  const { url, page } = await browser.open(authUrl);
  if (page === undefined) return url;
  const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1];
  if (!action) throw new Error(`no consent page at ${new URL(url).pathname}`);
  const form = new URLSearchParams({ decision: choice.decision ?? 'allow' });
  for (const [input] of page.matchAll(/<input[^>]+>/g)) {
    const name = /name="([^"]+)"/.exec(input)?.[1] ?? '';
    const value = /value="([^"]*)"/.exec(input)?.[1] ?? '';
    if (name === 'person' && choice.person !== undefined) form.set('person', choice.person);
    else if (/type="hidden"/.test(input) || / checked/.test(input)) form.append(name, value);
  }
  const sent = await browser.open(new URL(action, url).href, { method: 'POST', body: form });
  return sent.url;
}
