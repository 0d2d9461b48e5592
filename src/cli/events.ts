import type { Command } from 'commander';
import { print, table } from './answer.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { CliPorts } from './ports.ts';

interface ListOption {
  env?: string;
  limit: string;
}

/** `events …` and `deliveries …`: what was told to whom. */
export function addEvents(program: Command, ports: CliPorts): void {
  const events = program.command('events').description('what happened and whom it was told to');
  events
    .command('list')
    .description('newest first')
    .option('--env <dev-id>')
    .option('--type <type>')
    .option('--user-id <id>')
    .option('--before <event-id>', 'only older ones, to page back')
    .option('--limit <n>', 'how many, at most 200', '50')
    .action(async (options: ListOption & { type?: string; userId?: string; before?: string }, command: Command) => {
      const rows = await ports.withServices(async (services) =>
        services.events.list(await chooseEnvironment(services, options.env), {
          limit: Number(options.limit),
          ...(options.type === undefined ? {} : { type: options.type }),
          ...(options.userId === undefined ? {} : { userId: options.userId }),
          ...(options.before === undefined ? {} : { before: options.before }),
        }),
      );
      const cells = rows.map((row) => [
        row.id,
        row.type,
        row.createdAt.toISOString(),
        row.deliveries.map((one) => one.state).join(' '),
      ]);
      print(ports, command, { json: rows, text: table(['ID', 'TYPE', 'AT', 'DELIVERIES'], cells) });
    });
  events
    .command('resend <event-id>')
    .description('deliver an event again, under a new trace id')
    .option('--env <dev-id>')
    .option('--destination <id>', 'only to this destination')
    .action(async (id: string, options: { env?: string; destination?: string }, command: Command) => {
      const resent = await ports.withServices(async (services) =>
        services.events.resend(await chooseEnvironment(services, options.env), id, options.destination),
      );
      print(ports, command, { json: { event_id: id, deliveries: resent }, text: `${resent} deliveries queued` });
    });
}

export function addDeliveries(program: Command, ports: CliPorts): void {
  program
    .command('deliveries')
    .description('one event on its way to one destination')
    .command('list')
    .description('newest first')
    .option('--env <dev-id>')
    .option('--state <state>', 'pending, delivered, dead or cancelled')
    .option('--destination <id>')
    .option('--limit <n>', 'how many', '50')
    .action(async (options: ListOption & { state?: string; destination?: string }, command: Command) => {
      const rows = await ports.withServices(async (services) =>
        services.events.deliveries(await chooseEnvironment(services, options.env), {
          limit: Number(options.limit),
          ...(options.state === undefined ? {} : { state: options.state }),
          ...(options.destination === undefined ? {} : { destinationId: options.destination }),
        }),
      );
      const cells = rows.map((row) => [row.id, row.eventId, row.state, row.attempts, row.lastReason]);
      print(ports, command, { json: rows, text: table(['ID', 'EVENT', 'STATE', 'ATTEMPTS', 'LAST REASON'], cells) });
    });
}
