import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { SessionView } from '../../services/services.ts';
import type { PageAnswer } from '../pages.ts';
import { DEFAULT_ACCENT } from './accent.ts';
import { Icon } from './icons.tsx';
import { Mark } from './marks.tsx';
import { pageHeaders } from './page-headers.ts';
import { widgetStyle } from './style.ts';
import type { Texts } from './texts/texts.ts';

export interface Layout {
  texts: Texts;
  title: string;
  /** Default 200. */
  status?: number;
  app: SessionView['app'] | undefined;
  secure: boolean;
  setCookies?: (string | undefined)[];
  /** Where the browser goes on its own, at once. */
  forwardTo?: string;
  /** Shows the line that says where the person signs in. */
  privacy?: boolean;
  children: ComponentChildren;
}

/** A whole document of the connect pages, with its headers. Needs no script and loads nothing but logos. */
export function layOut(page: Layout): PageAnswer {
  const style = widgetStyle(page.app?.color ?? DEFAULT_ACCENT);
  const cookies = (page.setCookies ?? []).filter((cookie) => cookie !== undefined);
  return {
    status: page.status ?? 200,
    headers: {
      ...pageHeaders({ style, secure: page.secure }),
      'content-language': page.texts.code,
      ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
    },
    html: `<!doctype html>${renderToString(<Document page={page} style={style} />)}`,
  };
}

function Document({ page, style }: { page: Layout; style: string }) {
  const { texts, app } = page;
  return (
    <html lang={texts.code} dir={texts.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        {page.forwardTo ? <meta http-equiv="refresh" content={`0;url=${page.forwardTo}`} /> : null}
        <title>{app ? `${page.title} – ${app.name}` : page.title}</title>
        <link rel="icon" href="data:," />
        <style>{style}</style>
      </head>
      <body>
        {app ? (
          <header class="top">
            <Mark name={app.name} logo={app.logo} />
            <span>{app.name}</span>
          </header>
        ) : null}
        <main>{page.children}</main>
        {app && page.privacy ? (
          <footer class="foot">
            <Icon name="lock" />
            <span>{texts.list.privacy(app.name)}</span>
          </footer>
        ) : null}
      </body>
    </html>
  );
}
