import type { ResultView } from '../../services/services.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import type { IconName } from './icons.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import { Notice } from './notice.tsx';
import { type Explanation, KNOWN_REASONS, type KnownReason } from './texts/texts.ts';

const FAILURE_ICONS: Partial<Record<KnownReason, IconName>> = {
  session_expired: 'clock',
  user_limit_reached: 'people',
  provider_unavailable: 'clock',
  provider_rate_limited: 'clock',
  invalid_state: 'link',
};

export interface FailureInput {
  request: PageRequest;
  reason: string;
  app?: ResultView['app'];
  language?: string | undefined;
  secure: boolean;
  status: number;
  /** Where the person can choose again; undefined when the link is no longer open. */
  retry: string | undefined;
}

/** Why connecting did not work. A reason that is not ours is shown only when it looks like a code. */
export function failurePage(input: FailureInput): PageAnswer {
  const texts = chooseTexts(input.language, input.request.acceptLanguage);
  const known = KNOWN_REASONS.find((reason) => reason === input.reason);
  const explanation: Explanation = known ? texts.reasons[known] : texts.unknownReason;
  const code = !known && /^[\w.:-]{1,64}$/.test(input.reason) ? input.reason : undefined;
  return layOut({
    texts,
    title: explanation.title,
    status: input.status,
    app: input.app,
    secure: input.secure,
    children: (
      <Notice icon={(known && FAILURE_ICONS[known]) ?? 'warning'} tone="warn" explanation={explanation}>
        {code ? (
          <p>
            {texts.reasonCode}: <bdi>{code}</bdi>
          </p>
        ) : null}
        {input.retry ? (
          <div class="acts">
            <a class="button" href={input.retry}>
              {texts.tryAgain}
            </a>
          </div>
        ) : null}
      </Notice>
    ),
  });
}
