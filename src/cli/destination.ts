import type { Command } from 'commander';
import type { DestinationRow } from '../core/destination.ts';
import { lines, print, Refused, table } from './answer.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { CliPorts } from './ports.ts';

interface EnvOption {
  env?: string;
}
interface ConfigOption extends EnvOption {
  url?: string;
  config?: string;
}

/** `destination …`: where events go. */
export function addDestination(program: Command, ports: CliPorts): void {
  const destination = program.command('destination').description('where events are delivered');
  addAdd(destination, ports);
  destination
    .command('list')
    .description('destinations of an environment')
    .option('--env <dev-id>')
    .action(async (options: EnvOption, command: Command) => {
      const rows = await ports.withServices(async (services) =>
        services.destinations.list(await chooseEnvironment(services, options.env)),
      );
      const cells = rows.map((row) => [
        row.id,
        row.type,
        row.active ? 'active' : 'paused',
        JSON.stringify(row.display),
      ]);
      print(ports, command, { json: rows.map(shown), text: table(['ID', 'TYPE', 'STATE', 'SETTINGS'], cells) });
    });
  addTest(destination, ports);
  addUpdate(destination, ports);
  destination
    .command('remove <id>')
    .description('stop delivering there')
    .option('--env <dev-id>')
    .action(async (id: string, options: EnvOption, command: Command) => {
      await ports.withServices(async (services) =>
        services.destinations.remove(await chooseEnvironment(services, options.env), id),
      );
      print(ports, command, { json: { id, removed: true }, text: `${id} removed` });
    });
}

function addAdd(destination: Command, ports: CliPorts): void {
  destination
    .command('add <type>')
    .description('add a destination; its signing secret is shown once')
    .option('--env <dev-id>')
    .option('--url <url>')
    .option('--config <file>', 'settings as a JSON file')
    .action(async (type: string, options: ConfigOption, command: Command) => {
      const config = await readSettings(ports, options);
      const made = await ports.withServices(async (services) =>
        services.destinations.add(await chooseEnvironment(services, options.env), type, config),
      );
      const json = {
        id: made.destination.id,
        ...(made.signingSecret === undefined ? {} : { signing_secret: made.signingSecret }),
      };
      print(ports, command, { json, text: lines(json) });
    });
}

function addTest(destination: Command, ports: CliPorts): void {
  destination
    .command('test <id>')
    .description('send one marked event now and say how it went')
    .option('--env <dev-id>')
    .action(async (id: string, options: EnvOption, command: Command) => {
      const result = await ports.withServices(async (services) =>
        services.destinations.test(await chooseEnvironment(services, options.env), id),
      );
      const text = result.ok ? `delivered (${result.status ?? 'ok'})` : `failed: ${result.reason ?? result.status}`;
      print(ports, command, { json: result, text, exit: result.ok ? 0 : 1 });
    });
}

function addUpdate(destination: Command, ports: CliPorts): void {
  destination
    .command('update <id>')
    .description('change settings: --url, --config, --active true|false, --events a,b (all: every event)')
    .option('--env <dev-id>')
    .option('--url <url>')
    .option('--config <file>', 'settings as a JSON file')
    .option('--active <true|false>')
    .option('--events <types>', 'event types separated by commas, or all')
    .action(async (id: string, options: ConfigOption & { active?: string; events?: string }, command: Command) => {
      const change: Record<string, unknown> = await readSettings(ports, options);
      if (options.active !== undefined) change.active = readBoolean('--active', options.active);
      if (options.events !== undefined) change.event_types = options.events === 'all' ? null : options.events;
      const row = await ports.withServices(async (services) =>
        services.destinations.update(await chooseEnvironment(services, options.env), id, change),
      );
      print(ports, command, { json: shown(row), text: lines(shown(row)) });
    });
}

async function readSettings(ports: CliPorts, options: ConfigOption): Promise<Record<string, unknown>> {
  const fromFile =
    options.config === undefined ? {} : parseObject(options.config, await readGiven(ports, options.config));
  return { ...fromFile, ...(options.url === undefined ? {} : { url: options.url }) };
}

async function readGiven(ports: CliPorts, path: string): Promise<Uint8Array> {
  try {
    return await ports.readFile(path);
  } catch {
    throw new Refused(`cannot read ${path}`);
  }
}

function parseObject(name: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new Refused(`${name} is not JSON`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Refused(`${name} is not a JSON object`);
  return value as Record<string, unknown>;
}

function readBoolean(option: string, given: string): boolean {
  if (given !== 'true' && given !== 'false') throw new Refused(`${option} takes true or false`);
  return given === 'true';
}

function shown(row: DestinationRow): Record<string, unknown> {
  return {
    id: row.id,
    type: row.type,
    active: row.active,
    settings: row.display,
    event_types: row.eventTypes ?? null,
    created_at: row.createdAt.toISOString(),
  };
}
