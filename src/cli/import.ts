import { basename } from 'node:path';
import type { Command } from 'commander';
import type { ImportFile, ImportResult } from '../services/services.ts';
import { print, Refused, table } from './answer.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { CliPorts } from './ports.ts';

interface ImportOptions {
  env?: string;
  referenceId?: string;
  dryRun?: boolean;
}

/** `import`: device files into the connection of provider FILE. */
export function addImport(program: Command, ports: CliPorts): void {
  program
    .command('import <files...>')
    .description('read device files (FIT) into the file connection of a reference id')
    .option('--env <dev-id>')
    .option('--reference-id <id>', 'whose recordings these are')
    .option('--dry-run', 'only print what the files hold; needs no database')
    .action(async (paths: string[], options: ImportOptions, command: Command) => {
      const files = await readFiles(ports, paths);
      if (options.dryRun) await dryRun(ports, command, options, files);
      else await importInto(ports, command, options, files);
    });
}

async function dryRun(ports: CliPorts, command: Command, options: ImportOptions, files: ImportFile[]): Promise<void> {
  const { payloads, files: results } = await ports.preview(options.referenceId ?? 'dry-run', files);
  if (results.every((result) => result.outcome === 'refused')) throw new Refused(reasons(results));
  print(ports, command, { json: payloads, text: JSON.stringify(payloads, null, 2), warnings: warnings(results) });
}

async function importInto(
  ports: CliPorts,
  command: Command,
  options: ImportOptions,
  files: ImportFile[],
): Promise<void> {
  const referenceId = options.referenceId;
  if (!referenceId) throw new Refused('--reference-id is missing', 'it says whose recordings these are');
  const done = await ports.withServices(async (services) =>
    services.importing.files(await chooseEnvironment(services, options.env), referenceId, files),
  );
  if (done.files.every((result) => result.outcome === 'refused')) throw new Refused(reasons(done.files));
  const cells = done.files.map((result) => [result.name, result.outcome, result.payloads]);
  print(ports, command, {
    json: { status: 'success', user_id: done.userId, files: done.files },
    text: table(['FILE', 'OUTCOME', 'PAYLOADS'], cells),
    warnings: warnings(done.files),
  });
}

async function readFiles(ports: CliPorts, paths: string[]): Promise<ImportFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        return { name: basename(path), bytes: await ports.readFile(path) };
      } catch {
        throw new Refused(`cannot read ${path}`);
      }
    }),
  );
}

function warnings(results: ImportResult[]): string[] {
  return results.flatMap((result) => result.warnings.map((warning) => `${result.name}: ${warning}`));
}

function reasons(results: ImportResult[]): string {
  return warnings(results).join('; ') || 'nothing could be read';
}
