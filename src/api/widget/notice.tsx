import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';
import type { Explanation } from './texts/texts.ts';

export interface NoticeProps {
  icon: IconName;
  tone?: 'good' | 'warn';
  explanation: Explanation;
  children?: ComponentChildren;
}

/** A page that says one thing: what happened, why, and what to do next. */
export function Notice({ icon, tone, explanation, children }: NoticeProps) {
  return (
    <div class="panel">
      <div class={tone ? `sign ${tone}` : 'sign'}>
        <Icon name={icon} />
      </div>
      <h1>{explanation.title}</h1>
      <p>{explanation.body}</p>
      <p class="next">{explanation.next}</p>
      {children}
    </div>
  );
}
