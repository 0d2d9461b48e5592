/**
 * A process that uses the embedded database, for the tests: `start|attach <dataDir>`. It writes one JSON object per line
 * (`{log}`, then `{url, started}` or `{error}`) and stops the database when its standard input ends.
 */
import { attachEmbedded, startEmbedded } from './embedded.ts';

const [command, dataDir = ''] = process.argv.slice(2);
const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const options = { dataDir, log: (line: string) => say({ log: line }) };

try {
  if (command === 'attach') say((await attachEmbedded(options)) ?? { started: 'none' });
  else {
    const database = await startEmbedded(options);
    say({ url: database.url, started: database.started });
    for await (const _ of process.stdin);
    await database.stop();
  }
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
