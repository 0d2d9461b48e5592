import type { Environment } from '../../core/environment.ts';
import type { SessionView } from '../services.ts';

/** How the app introduces itself on the connect pages. */
export function appOf(environment: Environment): SessionView['app'] {
  const { widget_name: name, widget_color: color, widget_logo: logo } = environment.settings;
  return { name: name ?? environment.name, color, logo: logo ?? undefined };
}
