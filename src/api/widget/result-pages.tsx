import type { ResultPages } from '../pages.ts';
import { failurePage } from './failure-page.tsx';
import { formGuard } from './form-guard.ts';
import { forwardPage } from './forward-page.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { Mark } from './marks.tsx';

const CONFIRM = 'confirm';

export interface PageOptions {
  /** The same in every process; forms are tied to the browser with it. */
  pageKey: Uint8Array;
  publicUrl: string;
}

/** The pages that the start and callback routes show. */
export function createResultPages(options: PageOptions): ResultPages {
  const secure = options.publicUrl.startsWith('https:');
  const guard = formGuard(options.pageKey, secure);
  return {
    confirm(input) {
      const texts = chooseTexts(input.language, input.request.acceptLanguage);
      const { token, setCookie } = guard.issue(input.request.cookie, CONFIRM);
      return layOut({
        texts,
        title: texts.confirm.title(input.providerName),
        app: input.app,
        secure,
        setCookies: [setCookie],
        children: (
          <div class="panel">
            <Mark name={input.providerName} logo={undefined} />
            <h1>{texts.confirm.title(input.providerName)}</h1>
            <p>{texts.confirm.body(input.app.name, input.providerName)}</p>
            <p class="next">{texts.confirm.caution}</p>
            <form method="post" action={input.action} class="acts">
              <input type="hidden" name="csrf" value={token} />
              <button type="submit" class="button">
                {texts.confirm.button}
              </button>
            </form>
          </div>
        ),
      });
    },
    isConfirmed: (input) => guard.holds(input.request.cookie, CONFIRM, input.csrf),
    failure(input) {
      const status = input.reason === 'internal_error' ? 500 : 400;
      return failurePage({ ...input, secure, status, retry: undefined });
    },
    forward: (input) => forwardPage({ ...input, secure, name: undefined }),
  };
}
