import type { Command } from 'commander';
import { Refused } from './answer.ts';
import { type CliPorts, ROLES, type Role } from './ports.ts';

export function addStart(program: Command, ports: CliPorts): void {
  program
    .command('start')
    .description('run the server: API, connect pages, worker and simulated providers in one process')
    .option('--role <roles>', 'only these roles, separated by commas: api, worker, stream')
    .action(async (options: { role?: string }) => {
      await ports.start(readRoles(options.role));
    });
}

function readRoles(given: string | undefined): readonly Role[] {
  if (given === undefined) return ROLES;
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !ROLES.some((role) => role === name));
  if (unknown !== undefined) throw new Refused(`unknown role "${unknown}"`, `roles are ${ROLES.join(', ')}`);
  return ROLES.filter((role) => names.includes(role));
}
