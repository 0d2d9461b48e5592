import { readFile } from 'node:fs/promises';
import type { CliPorts } from './cli/ports.ts';
import { runCommandLine } from './cli/program.ts';
import { type Config, readConfig } from './config.ts';
import { VERSION } from './lib/version.ts';
import { banner } from './main/banner.ts';
import { diagnose } from './main/doctor.ts';
import { createLog } from './main/log.ts';
import { loadGiven, openApp } from './main/open-app.ts';
import { preview } from './main/preview.ts';
import { rotateMasterKey } from './main/rotate-master-key.ts';
import { serve } from './main/start.ts';

/** The `solum` command: reads the configuration, builds what the command needs, runs it and sets the exit code. */
export async function main(argv: string[]): Promise<void> {
  const result = readConfig();
  if ('problems' in result) {
    process.stderr.write(
      `solum: the configuration cannot be used\n${result.problems.map((line) => `  ${line}\n`).join('')}`,
    );
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runCommandLine(argv, commandPorts(result.config, argv.includes('--json')));
}

function commandPorts(config: Config, asJson: boolean): CliPorts {
  const stdout = (text: string) => void process.stdout.write(text);
  const quiet = createLog(config.logLevel === 'debug' ? 'debug' : 'error', process.stderr.isTTY === true);
  return {
    start: (roles) => {
      const log = createLog(config.logLevel, process.stderr.isTTY === true);
      return serve({ config, log, roles, ready: (answer) => stdout(banner(answer, asJson)) });
    },
    withServices: async (work) => {
      const app = await openApp(config, quiet);
      try {
        return await work(app.services);
      } finally {
        await app.close();
      }
    },
    migrate: async () => {
      const app = await openApp(config, quiet);
      await app.close();
      return { applied: app.migrations };
    },
    doctor: () => diagnose(config, quiet),
    rotateMasterKey: () => rotateMasterKey(config, quiet),
    providers: () => loadGiven(config, quiet),
    preview: (referenceId, files) => preview(config, quiet, referenceId, files),
    readFile: (path) => readFile(path),
    publicUrl: config.publicUrl,
    version: VERSION,
    stdout,
    stderr: (text) => void process.stderr.write(text),
  };
}
