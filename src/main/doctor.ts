import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Finding } from '../cli/ports.ts';
import type { Config } from '../config.ts';
import type { Log } from '../core/log.ts';
import { type Inspection, inspect } from '../store/inspect.ts';
import type { App } from './app.ts';
import { openApp } from './open-app.ts';
import { productionRefusal } from './production.ts';

const LEAST_FREE_BYTES = 500 * 1024 * 1024;
const LATE_MINUTES = 30;

/** Looks at everything the server needs and says what is wrong and what to do. Never throws for what it finds. */
export async function diagnose(config: Config, log: Log): Promise<Finding[]> {
  const findings = [node(), dataDirectory(config), disk(config), await port(config), publicUrl(config)];
  let app: App;
  try {
    app = await openApp(config, log);
  } catch (error) {
    return [...findings, bad('database', (error as Error).message, 'start it, or correct DATABASE_URL')];
  }
  try {
    const seen = await inspect(app.database.pool);
    return [...findings, ...describe(app, seen)];
  } finally {
    await app.close();
  }
}

function describe(app: App, seen: Inspection): Finding[] {
  const { config, database, masterKeys, clock } = app;
  const strange = [...seen.keysByMaster].filter(([id]) => !masterKeys.all.has(id));
  const late = seen.deliveries.oldestWaitingAt
    ? (clock.now().getTime() - seen.deliveries.oldestWaitingAt.getTime()) / 60_000
    : 0;
  const refusal = productionRefusal(config);
  return [
    good('database', `PostgreSQL answers (${database.where}), migrated`),
    strange.length === 0
      ? good('master key', masterKeys.file ? `generated file ${masterKeys.file.path}` : 'SOLUM_MASTER_KEY')
      : bad(
          'master key',
          `${strange.reduce((sum, [, n]) => sum + n, 0)} data keys are wrapped by another master key`,
          'give it in SOLUM_MASTER_KEY_PREVIOUS, then run solum key rotate',
        ),
    seen.environments > 0
      ? good('environments', `${seen.environments}`)
      : good('environments', 'none yet; the first start makes one'),
    seen.productionEnvironments > 0 && refusal
      ? bad('production', 'a production environment exists but cannot be served', refusal)
      : good('production', `${seen.productionEnvironments} environments`),
    good(
      'providers',
      app.providers
        .all()
        .map((provider) => provider.id)
        .join(', '),
    ),
    late > LATE_MINUTES
      ? bad(
          'deliveries',
          `${seen.deliveries.waiting} wait, the oldest for ${Math.round(late)} minutes`,
          'see solum deliveries list --state pending; is a worker running?',
        )
      : good('deliveries', `${seen.deliveries.waiting} wait, ${seen.deliveries.dead} dead letters`),
    good('accounts', `${seen.needReconnecting} need reconnecting`),
  ];
}

function node(): Finding {
  return good('node', process.version);
}

function dataDirectory(config: Config): Finding {
  const existing = nearestExisting(config.dataDir);
  try {
    accessSync(existing, constants.W_OK);
    return good('data directory', config.dataDir);
  } catch {
    return bad('data directory', `${existing} cannot be written`, 'set SOLUM_DATA_DIR to a directory of this user');
  }
}

function disk(config: Config): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(config.dataDir));
  const free = bavail * bsize;
  const words = `${Math.round(free / 1024 / 1024)} MB free`;
  return free >= LEAST_FREE_BYTES ? good('disk', words) : bad('disk', words, 'free at least 500 MB');
}

/** The port is either free, or somebody answers on it; the message says which. */
async function port(config: Config): Promise<Finding> {
  const server = createServer();
  const outcome = await new Promise<string>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    server.listen(config.port, config.host, () => resolve('free'));
  });
  await new Promise((resolve) => (server.listening ? server.close(resolve) : resolve(undefined)));
  if (outcome === 'free') return good('port', `${config.host}:${config.port} is free`);
  if (outcome === 'EADDRINUSE') {
    return (await answersHealth(config))
      ? good('port', `Solum answers on ${config.host}:${config.port}`)
      : bad('port', `${config.port} is used by something else`, 'set PORT');
  }
  return bad('port', `${config.host}:${config.port} cannot be opened (${outcome})`, 'set PORT or HOST');
}

async function answersHealth(config: Config): Promise<boolean> {
  const host = config.host === '0.0.0.0' ? '127.0.0.1' : config.host.includes(':') ? `[${config.host}]` : config.host;
  try {
    const answer = await fetch(`http://${host}:${config.port}/health`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  } catch {
    return false;
  }
}

function publicUrl(config: Config): Finding {
  const open = !config.loopback && config.publicUrl.startsWith('http:');
  return open
    ? bad(
        'public url',
        `${config.publicUrl} is not https while the server is open to other machines`,
        'set PUBLIC_URL to the https address',
      )
    : good('public url', config.publicUrl);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function good(check: string, found: string): Finding {
  return { check, ok: true, found, advice: '' };
}

function bad(check: string, found: string, advice: string): Finding {
  return { check, ok: false, found, advice };
}
