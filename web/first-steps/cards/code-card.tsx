import { useRef, useState } from 'preact/hooks';
import type { EnvironmentAnswer, UserRow } from '../../../src/api/first-steps/wire.ts';
import { Card, CopyButton, ScrollArea } from '../parts.tsx';
import { languages } from '../snippets.ts';

interface Props {
  environment: EnvironmentAnswer | undefined;
  apiKey: string | undefined;
  users: UserRow[] | undefined;
}

/** Step 4: the same from the app's own code. */
export function CodeCard({ environment, apiKey, users }: Props) {
  const [chosen, setChosen] = useState('curl');
  const tabs = useRef<HTMLDivElement>(null);
  const all = languages({
    devId: environment?.dev_id ?? 'YOUR_DEV_ID',
    apiKey,
    baseUrl: environment?.base_url ?? `${location.origin}/v2`,
    userId: users?.find((user) => user.active)?.user_id,
  });
  const language = all.find((one) => one.id === chosen) ?? all[0];

  /** Arrow keys go around the tabs, as the ARIA pattern for tabs has it. */
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = all.findIndex((one) => one.id === chosen);
    const next = all[(at + step + all.length) % all.length];
    if (!next) return;
    setChosen(next.id);
    tabs.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };

  return (
    <Card step={4} title="Use it from your code" class="wide" lead={leadOf(apiKey)}>
      <div class="tabs" role="tablist" aria-label="Language" ref={tabs}>
        {all.map((one) => (
          <button
            key={one.id}
            type="button"
            role="tab"
            id={`tab-${one.id}`}
            aria-selected={one.id === chosen}
            aria-controls="code"
            tabIndex={one.id === chosen ? 0 : -1}
            onClick={() => setChosen(one.id)}
            onKeyDown={move}
          >
            {one.name}
          </button>
        ))}
      </div>
      <div id="code" role="tabpanel" aria-labelledby={`tab-${chosen}`} class="snippets">
        {language?.snippets.map((snippet) => (
          <div class="code-box" key={snippet.title}>
            <div class="code-head">
              <h3>{snippet.title}</h3>
              <CopyButton text={snippet.code} what={`code: ${snippet.title}`} />
            </div>
            <ScrollArea class="code" label={snippet.title}>
              <pre>{snippet.code}</pre>
            </ScrollArea>
          </div>
        ))}
      </div>
    </Card>
  );
}

function leadOf(apiKey: string | undefined): string {
  const rest = 'The calls are those of the Terra API, so its client works as well.';
  return apiKey ? `Your key stands in the code. ${rest}` : `Put your API key where YOUR_API_KEY stands. ${rest}`;
}
