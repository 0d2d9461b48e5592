import type { Command } from 'commander';
import type { Environment } from '../core/environment.ts';
import { lines, print, table } from './answer.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { CliPorts } from './ports.ts';

interface EnvOption {
  env?: string;
}

/** `env …`: tenants, their keys, secrets and settings. */
export function addEnv(program: Command, ports: CliPorts): void {
  const env = program.command('env').description('environments: tenants with their own keys, providers and users');
  addCreate(env, ports);
  env
    .command('list')
    .description('all environments')
    .action(async (_options, command: Command) => {
      const all = await ports.withServices((services) => services.environments.list());
      const rows = all.map((one) => [one.devId, one.name, one.kind, one.createdAt.toISOString()]);
      print(ports, command, { json: all.map(summary), text: table(['DEV-ID', 'NAME', 'KIND', 'CREATED'], rows) });
    });
  addRotations(env, ports);
  addSettings(env, ports);
}

function addCreate(env: Command, ports: CliPorts): void {
  env
    .command('create <name>')
    .description('make an environment; its API key is shown once')
    .option('--kind <kind>', 'testing, staging or production', 'testing')
    .action(async (name: string, options: { kind: string }, command: Command) => {
      const made = await ports.withServices((services) => services.environments.create({ name, kind: options.kind }));
      const json = { dev_id: made.environment.devId, api_key: made.apiKey, signing_secret: made.signingSecret };
      print(ports, command, { json, text: lines(json) });
    });
}

function addRotations(env: Command, ports: CliPorts): void {
  env
    .command('rotate-key')
    .description('a new API key; all earlier ones stop working at once')
    .option('--env <dev-id>')
    .action(async (options: EnvOption, command: Command) => {
      const json = await ports.withServices(async (services) => {
        const environment = await chooseEnvironment(services, options.env);
        return { dev_id: environment.devId, api_key: await services.environments.rotateKey(environment) };
      });
      print(ports, command, { json, text: lines(json) });
    });
  env
    .command('rotate-secret')
    .description('a new signing secret; deliveries carry both signatures while they overlap')
    .option('--env <dev-id>')
    .option('--overlap-hours <hours>', 'how long the earlier secret goes on signing', '24')
    .action(async (options: EnvOption & { overlapHours: string }, command: Command) => {
      const json = await ports.withServices(async (services) => {
        const environment = await chooseEnvironment(services, options.env);
        const secret = await services.environments.rotateSecret(environment, Number(options.overlapHours));
        return { dev_id: environment.devId, signing_secret: secret };
      });
      print(ports, command, { json, text: lines(json) });
    });
}

function addSettings(env: Command, ports: CliPorts): void {
  env
    .command('set <assignments...>')
    .description('change settings: name=value …')
    .option('--env <dev-id>')
    .action(async (assignments: string[], options: EnvOption, command: Command) => {
      const changed = await ports.withServices(async (services) =>
        services.environments.set(await chooseEnvironment(services, options.env), assignments),
      );
      print(ports, command, { json: changed.settings, text: lines(changed.settings) });
    });
  env
    .command('show')
    .description('one environment with its settings')
    .option('--env <dev-id>')
    .action(async (options: EnvOption, command: Command) => {
      const found = await ports.withServices((services) => chooseEnvironment(services, options.env));
      const json = { ...summary(found), settings: found.settings };
      print(ports, command, { json, text: lines({ ...summary(found), ...found.settings }) });
    });
}

function summary(environment: Environment): Record<string, string> {
  return {
    dev_id: environment.devId,
    name: environment.name,
    kind: environment.kind,
    created_at: environment.createdAt.toISOString(),
  };
}
