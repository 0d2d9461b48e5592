import { useEffect, useState } from 'preact/hooks';
import type { UserRow } from '../../../src/api/first-steps/wire.ts';
import { api } from '../api.ts';
import { Card, Fault, Icon } from '../parts.tsx';
import { useAction } from '../use-action.ts';
import { UserList } from './user-list.tsx';

interface Props {
  users: UserRow[] | undefined;
  refresh(): Promise<void>;
}

/** Step 2: connect oneself, see who is connected. */
export function ConnectCard({ users, refresh }: Props) {
  const [reference, setReference] = useState('test-user');
  const [link, setLink] = useState<string>();
  const { busy, fault, run } = useAction();

  // A link connects once: when somebody has come or gone, the one offered here is most likely used up.
  const present = users?.map((user) => user.user_id).join();
  useEffect(() => setLink(undefined), [present]);

  const connect = (event: Event) => {
    event.preventDefault();
    // Opened while the click is being handled, or the browser would hold the tab back as a pop-up.
    const tab = window.open('about:blank', '_blank');
    if (tab) tab.opener = null;
    return run(async () => {
      try {
        const { url } = await api.connect(reference);
        setLink(url);
        if (tab) tab.location.href = url;
      } catch (error) {
        tab?.close();
        throw error;
      }
    });
  };

  return (
    <Card step={2} title="Connect a test user" lead="See what your users see: choose a source and agree to share.">
      <form class="inline" onSubmit={connect}>
        <label>
          <span>Reference id</span>
          <input
            value={reference}
            maxLength={255}
            autocomplete="off"
            spellcheck={false}
            aria-describedby="reference-help"
            onInput={(event) => setReference(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={busy}>
          Connect a test user
          <Icon name="out" />
          <span class="hidden">(opens a new tab)</span>
        </button>
      </form>
      <p class="small" id="reference-help">
        Your own name for this person. It comes back with everything they share.
      </p>
      {link ? (
        <p class="small" role="status">
          The connect page is open in a new tab. If not,{' '}
          <a href={link} target="_blank" rel="noreferrer">
            open it here
          </a>
          .
        </p>
      ) : null}
      <Fault text={fault} />
      <UserList users={users} refresh={refresh} />
    </Card>
  );
}
