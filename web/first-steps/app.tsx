import { useState } from 'preact/hooks';
import mark from './assets/mark.svg';
import { CodeCard } from './cards/code-card.tsx';
import { ConnectCard } from './cards/connect-card.tsx';
import { EnvironmentCard } from './cards/environment-card.tsx';
import { EventsCard } from './cards/events-card.tsx';
import { Icon } from './parts.tsx';
import { type Live, useLive } from './use-live.ts';

/** The first-steps page. */
export function App() {
  const live = useLive();
  const [apiKey, setApiKey] = useState<string>();
  const { environment, users } = live;
  return (
    <>
      <header class="top">
        <p class="brand">
          <img src={mark} alt="" width="32" height="32" />
          Solum
        </p>
        <p class="where">
          {environment ? (
            <>
              {environment.name}
              <span class="tag">{environment.kind}</span>
            </>
          ) : (
            <span class="skeleton short" />
          )}
        </p>
      </header>
      <main>
        <div class="hello">
          <h1>First steps</h1>
          <p>From nothing to health data in your app: four steps, all on this page.</p>
        </div>
        <Trouble state={live.state} />
        <div class="grid">
          <EnvironmentCard environment={environment} apiKey={apiKey} onKey={setApiKey} />
          <ConnectCard users={users} refresh={live.refresh} />
          <EventsCard live={live} />
          <CodeCard environment={environment} apiKey={apiKey} users={users} />
        </div>
      </main>
    </>
  );
}

/** Lies over the page, so that nothing moves when the server goes away and comes back. */
function Trouble({ state }: { state: Live['state'] }) {
  return (
    <div class="trouble" role="status">
      {state === 'away' ? (
        <p>
          <Icon name="warning" />
          The server does not answer. Trying again …
        </p>
      ) : null}
      {state === 'signed_out' ? (
        <p>
          <Icon name="warning" />
          <span>
            You are signed out. <a href="/">Sign in again</a>
          </span>
        </p>
      ) : null}
    </div>
  );
}
