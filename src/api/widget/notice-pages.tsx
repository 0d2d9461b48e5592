import type { SessionView } from '../../services/services.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import type { IconName } from './icons.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { Mark } from './marks.tsx';
import { Notice } from './notice.tsx';
import type { Texts } from './texts/texts.ts';

interface NoticeInput {
  request: PageRequest;
  secure: boolean;
  view: SessionView | undefined;
}

/** The link's time is over and the app named no place to go to. */
export function expiredPage(input: NoticeInput): PageAnswer {
  return notice(input, 410, 'clock', 'expired');
}

/** There is no such link. */
export function unknownLinkPage(input: NoticeInput): PageAnswer {
  return notice(input, 404, 'link', 'unknownLink');
}

/** A form came without the token of the page it stands on. */
export function formExpiredPage(input: NoticeInput & { back: string }): PageAnswer {
  return notice(input, 403, 'question', 'formExpired', input.back);
}

function notice(
  input: NoticeInput,
  status: number,
  icon: IconName,
  name: keyof Texts['notices'],
  back?: string,
): PageAnswer {
  const texts = chooseTexts(input.view?.language, input.request.acceptLanguage);
  const explanation = texts.notices[name];
  return layOut({
    texts,
    title: explanation.title,
    status,
    app: input.view?.app,
    secure: input.secure,
    children: (
      <Notice icon={icon} tone="warn" explanation={explanation}>
        {back ? (
          <div class="acts">
            <a class="button" href={back}>
              {texts.back}
            </a>
          </div>
        ) : null}
      </Notice>
    ),
  });
}

/** Asks once more before a connection and what is kept of it go. */
export function disconnectPage(input: {
  request: PageRequest;
  secure: boolean;
  view: SessionView;
  provider: { name: string; logo: string | undefined };
  userId: string;
  csrf: string;
  setCookie: string | undefined;
}): PageAnswer {
  const { view, provider } = input;
  const texts = chooseTexts(view.language, input.request.acceptLanguage);
  const title = texts.disconnect.title(provider.name);
  return layOut({
    texts,
    title,
    app: view.app,
    secure: input.secure,
    setCookies: [input.setCookie],
    children: (
      <div class="panel">
        <Mark name={provider.name} logo={provider.logo} />
        <h1>{title}</h1>
        <p>{texts.disconnect.body(view.app.name, provider.name)}</p>
        <form method="post" action={`/session/${view.id}/disconnect`} class="acts">
          <input type="hidden" name="csrf" value={input.csrf} />
          <input type="hidden" name="user_id" value={input.userId} />
          <button type="submit" class="button danger" name="confirm" value="yes">
            {texts.disconnect.confirm}
          </button>
          <a class="button quiet" href={`/session/${view.id}`}>
            {texts.disconnect.keep}
          </a>
        </form>
      </div>
    ),
  });
}
