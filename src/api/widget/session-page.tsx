import type { OfferedProvider, SessionView } from '../../services/services.ts';
import { Icon } from './icons.tsx';
import { Mark } from './marks.tsx';
import { isSafeTarget } from './safe-target.ts';
import type { Texts } from './texts/texts.ts';

/** With more providers than this the list can be searched. */
const SEARCH_FROM = 9;

export interface SessionPageInput {
  view: SessionView;
  texts: Texts;
  csrf: string;
  /** What the person searched for; empty shows all. */
  query: string;
  /** Name of the provider that was disconnected just now. */
  disconnected: string | undefined;
}

/** The list of providers: what is connected, under its own heading where the session allows to disconnect, and the rest. */
export function SessionPage({ view, texts, csrf, query, disconnected }: SessionPageInput) {
  const isFull = view.state === 'user_limit';
  const apart = view.showDisconnect ? view.providers.filter((provider) => provider.connection) : [];
  const offered = isFull ? [] : view.providers.filter((provider) => !apart.includes(provider));
  const shown = offered.filter((provider) => matches(provider, query));
  return (
    <>
      <h1>{isFull ? texts.notices.userLimit.title : texts.list.title(view.app.name)}</h1>
      <p class="lead">
        {isFull ? `${texts.notices.userLimit.body} ${texts.notices.userLimit.next}` : texts.list.lead(view.app.name)}
      </p>
      {isFull && isSafeTarget(view.failureRedirect ?? '') ? (
        <p class="hint">
          <a class="button" href={view.failureRedirect}>
            {texts.forward.button}
          </a>
        </p>
      ) : null}
      {disconnected ? (
        <p class="banner" role="status">
          <Icon name="check" />
          <span>{texts.list.disconnected(disconnected)}</span>
        </p>
      ) : null}
      {apart.length > 0 ? (
        <Connected session={view.id} providers={apart} texts={texts} csrf={csrf} full={isFull} />
      ) : null}
      {apart.length > 0 && offered.length > 0 ? <h2>{texts.list.moreHeading}</h2> : null}
      {offered.length >= SEARCH_FROM ? <Search session={view.id} query={query} texts={texts} /> : null}
      <Offers session={view.id} providers={shown} texts={texts} csrf={csrf} />
      {offered.length > 0 && shown.length === 0 ? <NoMatch session={view.id} query={query} texts={texts} /> : null}
      {view.providers.length === 0 ? <p class="empty">{texts.list.none}</p> : null}
      {shown.some((provider) => provider.simulated) ? <p class="hint">{texts.list.simulatedHelp}</p> : null}
    </>
  );
}

interface ListProps {
  session: string;
  providers: OfferedProvider[];
  texts: Texts;
  csrf: string;
}

function Offers({ session, providers, texts, csrf }: ListProps) {
  if (providers.length === 0) return null;
  return (
    <ul class="grid">
      {providers.map((provider) => (
        <li key={provider.code}>
          <form method="post" action={`/session/${session}/choose`}>
            <input type="hidden" name="csrf" value={csrf} />
            <button type="submit" class="source" name="provider" value={provider.code}>
              <Mark name={provider.name} logo={provider.logo} />
              <What provider={provider} texts={texts} label={texts.list.connect(provider.name)} />
              <Icon name="chevron" />
            </button>
          </form>
        </li>
      ))}
    </ul>
  );
}

function Connected({ session, providers, texts, csrf, full }: ListProps & { full: boolean }) {
  return (
    <>
      <h2>{texts.list.connectedHeading}</h2>
      <ul class="connected">
        {providers.map((provider) => (
          <li key={provider.code} class="source">
            <Mark name={provider.name} logo={provider.logo} />
            <What provider={provider} texts={texts} />
            <div class="acts">
              {provider.connection?.state === 'needs_reconnecting' && !full ? (
                <form method="post" action={`/session/${session}/choose`}>
                  <input type="hidden" name="csrf" value={csrf} />
                  <button type="submit" class="button small" name="provider" value={provider.code}>
                    {texts.list.reconnect}
                    <span class="hidden"> {provider.name}</span>
                  </button>
                </form>
              ) : null}
              <form method="post" action={`/session/${session}/disconnect`}>
                <input type="hidden" name="csrf" value={csrf} />
                <button type="submit" class="button quiet small" name="user_id" value={provider.connection?.userId}>
                  {texts.list.disconnect}
                  <span class="hidden"> {provider.name}</span>
                </button>
              </form>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Name and state. `label` is the name that a screen reader says where the whole row is a button. */
function What({ provider, texts, label }: { provider: OfferedProvider; texts: Texts; label?: string }) {
  const state = provider.connection?.state;
  return (
    <span class="what">
      {label ? <span class="hidden">{label}</span> : null}
      <span class="name" aria-hidden={label ? 'true' : undefined}>
        {provider.name}
      </span>
      <span class="tags">
        {state === 'active' ? (
          <span class="tag good">
            <Icon name="check" />
            {texts.list.connected}
          </span>
        ) : null}
        {state === 'needs_reconnecting' ? (
          <span class="tag warn">
            <Icon name="warning" />
            {texts.list.needsReconnecting}
          </span>
        ) : null}
        {provider.kind === 'sdk' ? (
          <span class="tag">
            <Icon name="phone" />
            {texts.list.inApp}
          </span>
        ) : null}
        {provider.simulated ? <span class="tag">{texts.list.simulated}</span> : null}
      </span>
    </span>
  );
}

function Search({ session, query, texts }: { session: string; query: string; texts: Texts }) {
  return (
    <search>
      <form class="search" method="get" action={`/session/${session}`}>
        <input
          type="search"
          name="q"
          value={query}
          maxLength={60}
          placeholder={texts.list.search}
          aria-label={texts.list.search}
          autocomplete="off"
          enterkeyhint="search"
        />
        <button type="submit" aria-label={texts.list.searchButton}>
          <Icon name="search" />
        </button>
      </form>
    </search>
  );
}

function NoMatch({ session, query, texts }: { session: string; query: string; texts: Texts }) {
  return (
    <div class="empty">
      <p role="status">{texts.list.noMatch(query)}</p>
      <p>
        <a href={`/session/${session}`}>{texts.list.showAll}</a>
      </p>
    </div>
  );
}

function matches(provider: OfferedProvider, query: string): boolean {
  const wanted = fold(query);
  return fold(provider.name).includes(wanted) || fold(provider.code).includes(wanted);
}

/** Without accents, case and spaces, so that "google fit" finds GoogleFit. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\s_-]/gu, '')
    .toLowerCase();
}
