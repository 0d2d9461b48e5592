import { Command, CommanderError } from 'commander';
import { Problem } from '../core/problem.ts';
import { Refused } from './answer.ts';
import { addDestination } from './destination.ts';
import { addEnv } from './env.ts';
import { addDeliveries, addEvents } from './events.ts';
import { addImport } from './import.ts';
import { addOperate } from './operate.ts';
import type { CliPorts } from './ports.ts';
import { addProvider } from './provider.ts';
import { addStart } from './start.ts';

/** Runs one command line. Answers the exit code: 0 ok, 1 failed, 2 refused (usage, or input that cannot be used). */
export async function runCommandLine(argv: string[], ports: CliPorts): Promise<number> {
  const program = createProgram(ports);
  process.exitCode = 0;
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return explain(error, argv.includes('--json'), ports);
  }
}

function createProgram(ports: CliPorts): Command {
  const program = new Command('solum')
    .description('The open-source health-data platform')
    .version(ports.version)
    .option('--json', 'one JSON value on stdout')
    .showHelpAfterError()
    .configureOutput({ writeOut: ports.stdout, writeErr: ports.stderr });
  addStart(program, ports);
  addOperate(program, ports);
  addEnv(program, ports);
  addProvider(program, ports);
  addDestination(program, ports);
  addImport(program, ports);
  addEvents(program, ports);
  addDeliveries(program, ports);
  for (const command of allCommands(program)) {
    command.exitOverride();
    if (command !== program) command.option('--json', 'one JSON value on stdout');
  }
  return program;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function explain(error: unknown, asJson: boolean, ports: CliPorts): number {
  if (error instanceof CommanderError) return explainUsage(error, asJson, ports);
  const refused = error instanceof Refused || (error instanceof Problem && error.status < 500);
  const message = error instanceof Problem ? error.detail : error instanceof Error ? error.message : String(error);
  const hint = error instanceof Refused && error.hint ? ` (${error.hint})` : '';
  ports.stderr(`solum: ${message}${hint}\n`);
  if (asJson) ports.stdout(`${JSON.stringify({ error: message })}\n`);
  return refused ? 2 : 1;
}

/** The parser has said on stderr what is wrong, or printed the help that was asked for. */
function explainUsage(error: CommanderError, asJson: boolean, ports: CliPorts): number {
  if (error.exitCode === 0) return 0;
  const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
  if (asJson) ports.stdout(`${JSON.stringify({ error: message })}\n`);
  return 2;
}
