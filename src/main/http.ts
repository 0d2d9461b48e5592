import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { registerFirstSteps } from '../api/first-steps/register.ts';
import { createServer } from '../api/server.ts';
import { registerWidget } from '../api/widget/register.ts';
import { createResultPages } from '../api/widget/result-pages.tsx';
import type { Environment } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import { deriveKey } from '../lib/seal.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import type { App } from './app.ts';
import { healthCheck } from './health.ts';

const ASSETS = fileURLToPath(new URL('../web/first-steps', import.meta.url));

/** The HTTP server of this process: API, connect pages, first steps and, where it is on, the sandbox. */
export function buildServer(app: App, production: boolean): FastifyInstance {
  const { config, services, log, clock } = app;
  const pageKey = deriveKey(app.masterKeys.current.key, 'pages');
  const { publicUrl } = config;
  return createServer({
    services,
    clock,
    log,
    publicUrl,
    loopback: config.loopback,
    production,
    providers: app.providers,
    pages: createResultPages({ pageKey, publicUrl }),
    health: healthCheck(app.database.pool),
    signingSecrets: signingSecrets(app),
    ...(config.sandbox && { sandbox: buildSandbox(app) }),
    registerPages: (server) => {
      registerWidget(server, { services, publicUrl, pageKey, log });
      registerFirstSteps(server, {
        services,
        environment: (chosen) => chooseEnvironment(app, chosen),
        publicUrl,
        assetsDir: ASSETS,
      });
    },
  });
}

const SECRETS_KEPT_MS = 5_000;

/** Signing secrets by environment, looked up anew every few seconds: a rotation overlaps for much longer. */
function signingSecrets(app: App): (environmentId: string) => Promise<string[]> {
  const kept = new Map<string, { until: number; secrets: Promise<string[]> }>();
  return (environmentId) => {
    const now = app.clock.now();
    const known = kept.get(environmentId);
    if (known && known.until > now.getTime()) return known.secrets;
    const secrets = app.store.environments
      .signingSecrets(environmentId, now)
      .then((rows) => rows.map((row) => row.secret));
    secrets.catch(() => kept.delete(environmentId));
    kept.set(environmentId, { until: now.getTime() + SECRETS_KEPT_MS, secrets });
    return secrets;
  };
}

function buildSandbox(app: App) {
  return createSandbox({
    providers: app.providers.sandboxes,
    store: app.store.sandbox,
    clients: async (provider, clientId) =>
      (await app.store.providerChoices.sandboxClient(provider, clientId))?.credentials,
    clock: app.clock,
    publicPath: '/sandbox',
    switches: app.config.loopback,
    log: app.log,
  });
}

async function chooseEnvironment(app: App, devId: string | undefined): Promise<Environment> {
  const all = await app.services.environments.list();
  const found = devId === undefined ? all[0] : all.find((environment) => environment.devId === devId);
  if (!found) throw new Problem('not_found', { detail: 'there is no such environment' });
  return found;
}
