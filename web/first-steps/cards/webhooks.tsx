import { useCallback, useEffect, useState } from 'preact/hooks';
import type { DestinationRow } from '../../../src/api/first-steps/wire.ts';
import { api, messageOf } from '../api.ts';
import { Fault, Once } from '../parts.tsx';
import { useAction } from '../use-action.ts';

/** Where events are sent. */
export function Webhooks() {
  const [rows, setRows] = useState<DestinationRow[]>();
  const [secret, setSecret] = useState<string>();
  const [unread, setUnread] = useState<string>();
  const read = useCallback(async () => {
    try {
      setRows((await api.destinations()).destinations);
      setUnread(undefined);
    } catch (error) {
      setUnread(messageOf(error));
    }
  }, []);
  useEffect(() => {
    read();
  }, [read]);

  return (
    <div class="webhooks">
      <h3>Webhooks</h3>
      {rows === undefined && !unread ? <div class="skeleton line" /> : null}
      {rows?.length === 0 ? <p class="small">None yet. Without one, events are kept here and sent nowhere.</p> : null}
      {rows && rows.length > 0 ? (
        <ul class="hooks">
          {rows.map((row) => (
            <Webhook key={row.id} row={row} onRemoved={read} />
          ))}
        </ul>
      ) : null}
      <AddWebhook
        onAdded={async (signingSecret) => {
          setSecret(signingSecret);
          await read();
        }}
      />
      {secret ? (
        <Once
          label="Signing secret"
          text={secret}
          note="Copy it now: it is shown this once. Check terra-signature with it."
        />
      ) : null}
      <Fault text={unread} />
    </div>
  );
}

function AddWebhook({ onAdded }: { onAdded(secret: string | undefined): Promise<void> }) {
  const [url, setUrl] = useState('');
  const { busy, fault, run } = useAction();
  const add = (event: Event) => {
    event.preventDefault();
    return run(async () => {
      const { signing_secret } = await api.addWebhook(url);
      setUrl('');
      await onAdded(signing_secret ?? undefined);
    });
  };
  return (
    <>
      <form class="inline" onSubmit={add}>
        <label>
          <span>Webhook address</span>
          <input
            type="url"
            required
            maxLength={2048}
            placeholder="https://example.com/webhook"
            autocomplete="off"
            value={url}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button quiet" disabled={busy}>
          Add webhook
        </button>
      </form>
      <Fault text={fault} />
    </>
  );
}

function Webhook({ row, onRemoved }: { row: DestinationRow; onRemoved(): Promise<void> }) {
  const { busy, fault, run } = useAction();
  const remove = () =>
    run(async () => {
      await api.removeDestination(row.id);
      await onRemoved();
    });
  const name = row.url ?? row.type;
  return (
    <li>
      <code>{name}</code>
      {row.active ? null : <span class="tag warn">Paused</span>}
      <button
        type="button"
        class="button quiet small-button"
        onClick={remove}
        disabled={busy}
        aria-label={`Remove webhook ${name}`}
      >
        Remove
      </button>
      <Fault text={fault} />
    </li>
  );
}
