import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const PATHS = {
  copy: 'M9 9V6a2 2 0 0 1 2-2h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-3M6 9h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  chevron: 'M9.5 6l6 6-6 6',
  out: 'M14 4h6v6M20 4l-8.5 8.5M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4',
  warning: 'M12 8.5v4.5m0 3.4v.1M10.3 4.2 2.8 17.2a2 2 0 0 0 1.7 3h15a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z',
  key: 'M14.5 9.500a5 5 0 1 1-3.2-4.7 5 5 0 0 1 3.2 4.700ZM13 13l8 8m-3.5-3.5 2-2',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** One step of the page: a numbered card. */
export function Card(props: {
  step: number;
  title: string;
  class?: string;
  lead: string;
  children: ComponentChildren;
}) {
  const id = `step-${props.step}`;
  return (
    <section class={props.class ? `card ${props.class}` : 'card'} aria-labelledby={id}>
      <header>
        <span class="step" aria-hidden="true">
          {props.step}
        </span>
        <h2 id={id}>{props.title}</h2>
      </header>
      <p class="lead">{props.lead}</p>
      {props.children}
    </section>
  );
}

/** Copies a text and says so. `what` names it for people who cannot see where the button stands. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    setState((await copyText(text)) ? 'copied' : 'failed');
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState('idle'), 2000);
  };
  return (
    <button type="button" class="copy" onClick={copy}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      <span class="copy-word" aria-live="polite">
        {state === 'copied' ? 'Copied' : state === 'failed' ? 'Press Ctrl C' : 'Copy'}
      </span>
      <span class="hidden"> {what}</span>
    </button>
  );
}

/** The clipboard is there on https and localhost only; elsewhere the old way may still work. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'hidden';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

/** A value that people copy: what it is, the value, the button. */
export function Value({ label, text }: { label: string; text: string | undefined }) {
  return (
    <div class="value">
      <dt>{label}</dt>
      <dd>
        {text === undefined ? <span class="skeleton" /> : <code>{text}</code>}
        {text === undefined ? null : <CopyButton text={text} what={label} />}
      </dd>
    </div>
  );
}

/** Something that is shown once and cannot be asked for again. */
export function Once({ label, text, note }: { label: string; text: string; note: string }) {
  return (
    <div class="once" role="status">
      <p class="once-label">
        <Icon name="key" />
        {label}
      </p>
      <div class="once-value">
        <code>{text}</code>
        <CopyButton text={text} what={label} />
      </div>
      <p class="small">{note}</p>
    </div>
  );
}

/** What went wrong with the last thing that the person did here. */
export function Fault({ text }: { text: string | undefined }) {
  return (
    <p class="fault" role="alert">
      {text ? (
        <>
          <Icon name="warning" />
          {text}
        </>
      ) : null}
    </p>
  );
}

/** A part that scrolls by itself; keyboards reach it (WCAG 2.1.1). */
export function ScrollArea(props: { label: string; class: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus its end is out of reach for keyboards.
    <section class={props.class} tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
