import type { ResultView } from '../../services/services.ts';
import type { PageAnswer, PageRequest } from '../pages.ts';
import { Icon } from './icons.tsx';
import { chooseTexts } from './language.ts';
import { layOut } from './layout.tsx';
import type { Texts } from './texts/texts.ts';

/** The account is connected: which one, what it shares, and that the page may be closed. */
export function successPage(input: { request: PageRequest; result: ResultView; secure: boolean }): PageAnswer {
  const { result } = input;
  const texts = chooseTexts(result.language, input.request.acceptLanguage);
  return layOut({
    texts,
    title: texts.success.title(result.providerName),
    app: result.app,
    secure: input.secure,
    children: (
      <div class="panel">
        <div class="sign good">
          <Icon name="check" />
        </div>
        <h1>{texts.success.title(result.providerName)}</h1>
        <p>{texts.success.body(result.app?.name)}</p>
        <Facts result={result} texts={texts} />
        <p class="next">{texts.success.next(result.app?.name)}</p>
      </div>
    ),
  });
}

function Facts({ result, texts }: { result: ResultView; texts: Texts }) {
  const scopes = result.scopes ?? [];
  if (!result.accountLabel && scopes.length === 0) return null;
  return (
    <dl class="facts">
      {result.accountLabel ? (
        <div>
          <dt>{texts.success.account}</dt>
          <dd>
            <bdi>{result.accountLabel}</bdi>
          </dd>
        </div>
      ) : null}
      {scopes.length > 0 ? (
        <div>
          <dt>{texts.success.shared}</dt>
          <dd class="tags">
            {scopes.map((scope) => (
              <bdi class="tag" key={scope}>
                {scope}
              </bdi>
            ))}
          </dd>
        </div>
      ) : null}
    </dl>
  );
}
