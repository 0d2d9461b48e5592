import { inTurn } from '../store/turn.ts';
import type { App } from './app.ts';

export interface FirstEnvironment {
  devId: string;
  /** Only when it was just made and generated: it is shown once. */
  apiKey: string | undefined;
}

/**
 * Makes the first environment when there is none, with the values that the operator seeded or generated ones, and its
 * webhook destination where one was given. Several processes that start at once end with one.
 */
export function ensureFirstEnvironment(app: App): Promise<FirstEnvironment> {
  return inTurn(app.database.pool, () => findOrMake(app));
}

async function findOrMake(app: App): Promise<FirstEnvironment> {
  const { environments, destinations } = app.services;
  const { config } = app;
  const existing = (await environments.list())[0];
  if (existing) return { devId: existing.devId, apiKey: undefined };
  // Before anything is made: a start that is refused leaves no environment whose key nobody saw.
  const webhook = config.webhookUrl === undefined ? undefined : { url: config.webhookUrl };
  if (webhook) destinations.check('webhook', webhook);
  const made = await environments.create({
    name: 'My app',
    ...(config.devId !== undefined && { devId: config.devId }),
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
    ...(config.signingSecret !== undefined && { signingSecret: config.signingSecret }),
  });
  if (webhook) await destinations.add(made.environment, 'webhook', webhook, { useEnvironmentSecret: true });
  return { devId: made.environment.devId, apiKey: config.apiKey === undefined ? made.apiKey : undefined };
}
