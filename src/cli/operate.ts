import type { Command } from 'commander';
import { lines, print } from './answer.ts';
import type { CliPorts, Finding } from './ports.ts';

/** `migrate`, `doctor`, `key rotate` and `link`: the running of the server itself. */
export function addOperate(program: Command, ports: CliPorts): void {
  program
    .command('migrate')
    .description('bring the database to this version (forward only)')
    .action(async (_options, command: Command) => {
      const result = await ports.migrate();
      print(ports, command, { json: result, text: `${result.applied} migrations applied` });
    });
  program
    .command('doctor')
    .description('say what is wrong and what to do')
    .action(async (_options, command: Command) => {
      const findings = await ports.doctor();
      const well = findings.every((finding) => finding.ok);
      print(ports, command, { json: { ok: well, findings }, text: describe(findings), exit: well ? 0 : 1 });
    });
  program
    .command('key')
    .description('the master key')
    .command('rotate')
    .description('wrap every data key with a new master key')
    .action(async (_options, command: Command) => {
      const result = await ports.rotateMasterKey();
      const json = { rewrapped: result.rewrapped, key_id: result.keyId };
      print(ports, command, { json, text: lines(json) });
    });
  program
    .command('link')
    .description('print a new one-time link to the first-steps page')
    .action(async (_options, command: Command) => {
      const token = await ports.withServices((services) => services.operators.link());
      const url = `${ports.publicUrl}/?link=${token}`;
      print(ports, command, { json: { url }, text: url });
    });
}

function describe(findings: Finding[]): string {
  return findings
    .map(
      (finding) =>
        `${finding.ok ? 'ok  ' : 'BAD '} ${finding.check}: ${finding.found}${finding.ok ? '' : `\n     → ${finding.advice}`}`,
    )
    .join('\n');
}
