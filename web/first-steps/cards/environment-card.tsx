import type { EnvironmentAnswer } from '../../../src/api/first-steps/wire.ts';
import { api } from '../api.ts';
import { Card, Fault, Once, Value } from '../parts.tsx';
import { useAction } from '../use-action.ts';

interface Props {
  environment: EnvironmentAnswer | undefined;
  apiKey: string | undefined;
  onKey(key: string): void;
}

/** Step 1: who the app is. */
export function EnvironmentCard({ environment, apiKey, onKey }: Props) {
  const { busy, fault, run } = useAction();
  const makeKey = () => run(async () => onKey((await api.addKey()).api_key));
  return (
    <Card step={1} title="Your environment" lead="Your app names itself with these on every call.">
      <dl class="values">
        <Value label="dev-id" text={environment?.dev_id} />
        <Value label="Base URL" text={environment?.base_url} />
      </dl>
      {apiKey ? (
        <Once label="API key" text={apiKey} note="Copy it now: it is shown this once. Only a hash of it is kept." />
      ) : (
        <p class="small">
          Calls also need an API key. One was printed when the server was set up; here you can make a further one.
        </p>
      )}
      <div class="row">
        <button
          type="button"
          class={apiKey ? 'button quiet' : 'button'}
          onClick={makeKey}
          disabled={busy || !environment}
        >
          {apiKey ? 'Make another key' : 'Make an API key'}
        </button>
      </div>
      <Fault text={fault} />
    </Card>
  );
}
