import { VARIABLES } from '../src/config.ts';
import { environmentSettings } from '../src/schema/environment-settings.ts';

/** docs/configuration.md, from the table of process configuration and the table of environment settings. */
export function configurationPage(): string {
  return `# Configuration

This page is written by \`npm run docs\` from the tables that the server itself reads.

## Process

Set as environment variables before \`solum start\`. Everything has a default; a wrong value stops the start with a
message that names the variable.

| Variable | Default | Meaning |
|---|---|---|
${Object.values(VARIABLES).map(variableRow).join('\n')}

## Environments

Set for one environment with \`npx solum env set <name>=<value> … --env <dev-id>\`, shown with \`npx solum env show\`.
Lists are written with commas; \`null\` clears a setting that may be empty.

| Setting | Default | Meaning |
|---|---|---|
${Object.entries(environmentSettings.properties).map(settingRow).join('\n')}
`;
}

function variableRow(row: (typeof VARIABLES)[keyof typeof VARIABLES]): string {
  const fallback = 'defaultText' in row ? row.defaultText : `\`${String(row.fallback)}\``;
  const secret = 'secret' in row && row.secret ? ' Secret.' : '';
  return `| \`${row.variable}\` | ${fallback} | ${row.description}${secret} |`;
}

function settingRow([name, schema]: [string, unknown]): string {
  const { default: fallback, description } = schema as { default: unknown; description: string };
  return `| \`${name}\` | \`${JSON.stringify(fallback)}\` | ${description} |`;
}
