import type { PageAnswer, PageRequest } from '../pages.ts';
import { Icon } from '../widget/icons.tsx';
import { layOut } from '../widget/layout.tsx';
import { en } from '../widget/texts/en.ts';
import { SOLUM_LOGO } from './logo.ts';

const SOLUM = { name: 'Solum', color: '#0f766e', logo: SOLUM_LOGO };

interface EnterInput {
  request: PageRequest;
  secure: boolean;
}

/** A one-time link was opened. Only the button uses it up, so that a link preview does not. */
export function enterPage(input: EnterInput & { link: string }): PageAnswer {
  return layOut({
    texts: en,
    title: 'Open first steps',
    app: SOLUM,
    secure: input.secure,
    children: (
      <div class="panel">
        <div class="sign good">
          <Icon name="lock" />
        </div>
        <h1>Welcome to your Solum</h1>
        <p>This link works once. It signs this browser in.</p>
        <form method="post" action="/enter" class="acts">
          <input type="hidden" name="link" value={input.link} />
          <button type="submit" class="button">
            Open first steps
          </button>
        </form>
      </div>
    ),
  });
}

/** No session, or a link that no longer works: how to get a new one. */
export function signedOutPage(input: EnterInput & { usedLink: boolean }): PageAnswer {
  const title = input.usedLink ? 'This link no longer works' : 'You are not signed in';
  return layOut({
    texts: en,
    title,
    status: 401,
    app: SOLUM,
    secure: input.secure,
    children: (
      <div class="panel">
        <div class="sign">
          <Icon name="lock" />
        </div>
        <h1>{title}</h1>
        <p>
          {input.usedLink
            ? 'It was used before, or it is too old. A new one is made in a moment.'
            : 'This page is for the people who run this server. They sign in with a one-time link.'}
        </p>
        <dl class="facts">
          <div>
            <dt>In the folder of the server, run</dt>
            <dd>
              <code>npx solum link</code>
            </dd>
          </div>
          <div>
            <dt>Or restart it</dt>
            <dd>It prints a link when it starts.</dd>
          </div>
        </dl>
        <div class="acts">
          <a class="button quiet" href="/">
            I am signed in, try again
          </a>
        </div>
      </div>
    ),
  });
}

/** The browser app was not built. */
export function notBuiltPage(input: EnterInput): PageAnswer {
  return layOut({
    texts: en,
    title: 'The page is not built yet',
    status: 503,
    app: SOLUM,
    secure: input.secure,
    children: (
      <div class="panel">
        <div class="sign warn">
          <Icon name="warning" />
        </div>
        <h1>The page is not built yet</h1>
        <p>
          Run <code>npm run build</code> in the folder of the server, then load this page again.
        </p>
      </div>
    ),
  });
}
