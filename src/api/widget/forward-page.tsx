import type { SessionView } from '../../services/services.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import { failurePage } from './failure-page.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { isSafeTarget } from './safe-target.ts';

export interface ForwardInput {
  request: PageRequest;
  url: string;
  app?: SessionView['app'];
  language?: string | undefined;
  secure: boolean;
  /** What is opened: a provider, or undefined for the way back to the app. */
  name: string | undefined;
  setCookies?: string[];
}

/**
 * A page that goes on to `url` by itself and has a link for browsers that do not. It ends the chain of a submitted form,
 * so that `form-action 'self'` does not stop the way to a provider or into an app.
 */
export function forwardPage(input: ForwardInput): PageAnswer {
  if (!isSafeTarget(input.url))
    return failurePage({ ...input, reason: 'internal_error', status: 500, retry: undefined });
  const texts = chooseTexts(input.language, input.request.acceptLanguage);
  const title = texts.forward.title(input.name ?? input.app?.name);
  return layOut({
    texts,
    title,
    app: input.app,
    secure: input.secure,
    setCookies: input.setCookies ?? [],
    forwardTo: input.url,
    children: (
      <div class="panel">
        <h1>{title}</h1>
        <p>{texts.forward.body}</p>
        <div class="acts">
          <a class="button" href={input.url}>
            {texts.forward.button}
          </a>
        </div>
      </div>
    ),
  });
}
