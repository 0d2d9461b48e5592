import type { Command } from 'commander';
import type { CliPorts } from './ports.ts';

/** What a command answers: one JSON value for programs, text for people. */
export interface Answer {
  json: unknown;
  text: string;
  /** Printed on stderr, in both forms. */
  warnings?: string[];
  /** Default 0. */
  exit?: 0 | 1;
}

/** Input that cannot be used: exit 2 with the reason. */
export class Refused extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'Refused';
    this.hint = hint;
  }
}

/** Prints an answer in the form that `--json` asks for and sets the exit code. */
export function print(ports: CliPorts, command: Command, answer: Answer): void {
  for (const warning of answer.warnings ?? []) ports.stderr(`${warning}\n`);
  const asJson = command.optsWithGlobals().json === true;
  ports.stdout(asJson ? `${JSON.stringify(answer.json)}\n` : `${answer.text}\n`);
  process.exitCode = answer.exit ?? 0;
}

/** Columns aligned under their headings; `-` for what is missing. */
export function table(headings: string[], rows: (string | number | boolean | null | undefined)[][]): string {
  if (rows.length === 0) return '(none)';
  const cells = [
    headings,
    ...rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell)))),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name  value` lines; what is undefined is left out. */
export function lines(given: Record<string, unknown>): string {
  const pairs = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const width = Math.max(...Object.keys(pairs).map((name) => name.length));
  return Object.entries(pairs)
    .map(([name, value]) => `${name.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}
