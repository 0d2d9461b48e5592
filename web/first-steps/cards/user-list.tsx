import { useEffect, useRef, useState } from 'preact/hooks';
import type { UserRow } from '../../../src/api/first-steps/wire.ts';
import { api } from '../api.ts';
import { dateAndTime } from '../format.ts';
import { CopyButton, Fault, ScrollArea } from '../parts.tsx';
import { useAction } from '../use-action.ts';

/** Who is connected; keeps itself up to date. */
export function UserList({ users, refresh }: { users: UserRow[] | undefined; refresh(): Promise<void> }) {
  return (
    <>
      <h3>Users{users && users.length > 0 ? <span class="count">{users.length}</span> : null}</h3>
      {users === undefined ? <div class="skeleton block" /> : null}
      {users?.length === 0 ? (
        <p class="empty">Nobody yet. People appear here by themselves once they connect.</p>
      ) : null}
      {users && users.length > 0 ? (
        <ScrollArea class="users" label="Users">
          <ul>
            {users.map((user) => (
              <User key={user.user_id} user={user} refresh={refresh} />
            ))}
          </ul>
        </ScrollArea>
      ) : null}
    </>
  );
}

function User({ user, refresh }: { user: UserRow; refresh(): Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const { busy, fault, run } = useAction();
  const keep = useRef<HTMLButtonElement>(null);
  const ask = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);

  // The button that was pressed is replaced: the keyboard goes on at the one that changes nothing, and back.
  useEffect(() => {
    if (asking) keep.current?.focus();
    else if (asked.current) ask.current?.focus();
    asked.current = asking;
  }, [asking]);

  const disconnect = () =>
    run(async () => {
      await api.disconnect(user.user_id);
      await refresh();
    });

  return (
    <li class="user">
      <div class="who">
        <p class="who-name">
          <strong>{user.provider}</strong>
          <span class={user.active ? 'tag good' : 'tag'}>{user.active ? 'Active' : 'Not active'}</span>
        </p>
        <p class="small">
          {user.reference_id ?? 'No reference id'}
          {user.created_at ? <> · since {dateAndTime(user.created_at)}</> : null}
        </p>
        <p class="id">
          <code>{user.user_id}</code>
          <CopyButton text={user.user_id} what={`user id of ${user.provider}`} />
        </p>
      </div>
      {asking ? (
        <fieldset class="ask">
          <legend>Disconnect and delete what was kept?</legend>
          <button type="button" class="button danger small-button" onClick={disconnect} disabled={busy}>
            Disconnect
          </button>
          <button type="button" class="button quiet small-button" ref={keep} onClick={() => setAsking(false)}>
            Keep
          </button>
        </fieldset>
      ) : (
        <button
          type="button"
          class="button quiet small-button"
          ref={ask}
          onClick={() => setAsking(true)}
          aria-label={`Disconnect ${user.provider} of ${user.reference_id ?? 'a user without reference id'}`}
        >
          Disconnect
        </button>
      )}
      <Fault text={fault} />
    </li>
  );
}
