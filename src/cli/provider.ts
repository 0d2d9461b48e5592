import type { Command } from 'commander';
import { lines, print, Refused, table } from './answer.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { CliPorts } from './ports.ts';

interface EnvOption {
  env?: string;
}

/** `provider …`: the sources of an environment. */
export function addProvider(program: Command, ports: CliPorts): void {
  const provider = program.command('provider').description('sources that people can connect');
  addList(provider, ports);
  provider
    .command('show <code>')
    .description('the provider in words: how it connects, what it offers')
    .action(async (code: string, _options, command: Command) => {
      const json = await ports.withServices((services) => services.integrations.show(code));
      print(ports, command, { json, text: lines(json) });
    });
  addSwitch(provider, ports, 'enable', true);
  addSwitch(provider, ports, 'disable', false);
  addScopes(provider, ports);
  addCredentials(provider, ports);
}

function addList(provider: Command, ports: CliPorts): void {
  provider
    .command('list')
    .description('all providers, as an environment uses them')
    .option('--env <dev-id>')
    .action(async (options: EnvOption, command: Command) => {
      const rows = await ports.withServices(async (services) =>
        services.integrations.list(await chooseEnvironment(services, options.env)),
      );
      const cells = rows.map((row) => [
        row.code,
        row.name,
        row.kind,
        row.enabled ? 'yes' : 'no',
        row.transport,
        row.types.join(' '),
      ]);
      print(ports, command, {
        json: rows,
        text: table(['CODE', 'NAME', 'KIND', 'ENABLED', 'ACCOUNTS', 'TYPES'], cells),
      });
    });
}

function addSwitch(provider: Command, ports: CliPorts, name: string, enabled: boolean): void {
  provider
    .command(`${name} <code>`)
    .description(enabled ? 'offer the provider' : 'stop offering it for new connections')
    .option('--env <dev-id>')
    .action(async (code: string, options: EnvOption, command: Command) => {
      await ports.withServices(async (services) =>
        services.integrations.setEnabled(await chooseEnvironment(services, options.env), code, enabled),
      );
      const json = { provider: code.toUpperCase(), enabled };
      print(ports, command, { json, text: `${json.provider} is ${enabled ? 'enabled' : 'disabled'}` });
    });
}

function addScopes(provider: Command, ports: CliPorts): void {
  provider
    .command('scopes <code>')
    .description('choose which scopes are asked for; an empty --set returns to the defaults')
    .option('--env <dev-id>')
    .requiredOption('--set <scopes>', 'scopes separated by commas')
    .action(async (code: string, options: EnvOption & { set: string }, command: Command) => {
      const scopes = options.set
        .split(',')
        .map((scope) => scope.trim())
        .filter((scope) => scope !== '');
      await ports.withServices(async (services) =>
        services.integrations.setScopes(
          await chooseEnvironment(services, options.env),
          code,
          scopes.length > 0 ? scopes : undefined,
        ),
      );
      const json = { provider: code.toUpperCase(), scopes: scopes.length > 0 ? scopes : null };
      print(ports, command, { json, text: lines(json) });
    });
}

function addCredentials(provider: Command, ports: CliPorts): void {
  provider
    .command('credentials')
    .description('the operator’s own app at the provider')
    .command('set <code>')
    .description('store its fields sealed; new connections then use the real provider')
    .option('--env <dev-id>')
    .requiredOption('--set <name=value...>', 'fields as provider show lists them')
    .action(async (code: string, options: EnvOption & { set: string[] }, command: Command) => {
      const values = readAssignments(options.set);
      await ports.withServices(async (services) =>
        services.integrations.setCredentials(await chooseEnvironment(services, options.env), code, values),
      );
      const json = { provider: code.toUpperCase(), fields: Object.keys(values) };
      print(ports, command, { json, text: lines(json) });
    });
}

function readAssignments(given: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const text of given) {
    const at = text.indexOf('=');
    if (at < 1) throw new Refused('--set takes name=value', 'for example --set client_id=abc client_secret=def');
    values[text.slice(0, at)] = text.slice(at + 1);
  }
  return values;
}
