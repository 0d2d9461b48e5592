import type { FastifyInstance } from 'fastify';
import { Refused } from '../cli/answer.ts';
import type { Role } from '../cli/ports.ts';
import type { Config } from '../config.ts';
import type { Log } from '../core/log.ts';
import type { App } from './app.ts';
import { ensureFirstEnvironment, type FirstEnvironment } from './first-environment.ts';
import { openApp } from './open-app.ts';
import { productionRefusal } from './production.ts';
import { createWorker } from './worker.ts';

export interface StartOptions {
  config: Config;
  log: Log & { flush(): void };
  roles: readonly Role[];
  /** Told once, when the server answers. */
  ready(answer: { url: string; link: string | undefined } & FirstEnvironment): void;
}

/** Runs the roles until SIGTERM or SIGINT; resolves when everything has ended in order. */
export async function serve(options: StartOptions): Promise<void> {
  const { config, log, roles } = options;
  const app = await openApp(config, log);
  const stops: (() => Promise<unknown>)[] = [() => app.close()];
  try {
    await checkProduction(app);
    if (roles.includes('api')) {
      await app.keyWatch.start();
      stops.unshift(async () => app.keyWatch.stop());
      const http = app.createHttp();
      await listen(http, config);
      stops.unshift(() => http.close());
    }
    // After the port is ours: of several that start at once, the one that goes on makes it and shows its key.
    const first = await ensureFirstEnvironment(app);
    if (roles.includes('worker')) {
      const worker = createWorker(app);
      stops.unshift(() => worker.stop());
      await worker.start();
    }
    const link = roles.includes('api') ? `${config.publicUrl}/?link=${await app.services.operators.link()}` : undefined;
    options.ready({ url: config.publicUrl, link, ...first });
    log.info({ roles, database: app.database.where }, 'ready');
    await untilTold(log);
  } finally {
    for (const stop of stops)
      await stop().catch((error: unknown) => log.error({ error: String(error) }, 'stopping failed'));
    log.flush();
  }
}

async function checkProduction(app: App): Promise<void> {
  const refusal = productionRefusal(app.config);
  if (refusal === undefined) return;
  const production = (await app.services.environments.list()).find((environment) => environment.kind === 'production');
  if (production) throw new Refused(`${production.devId} cannot be served: ${refusal}`);
}

async function listen(http: FastifyInstance, config: Config): Promise<void> {
  try {
    await http.listen({ port: config.port, host: config.host });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') throw new Refused(`port ${config.port} is in use`, 'set PORT to another one');
    if (code === 'EACCES')
      throw new Refused(`port ${config.port} may not be opened by this user`, 'set PORT above 1023');
    if (code === 'EADDRNOTAVAIL') throw new Refused(`HOST ${config.host} is not an address of this machine`);
    throw error;
  }
}

function untilTold(log: Log): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'stopping');
        resolve();
      });
    }
  });
}
