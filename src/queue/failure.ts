import type { LogFields } from '../core/log.ts';

/**
 * What may be logged of an unexpected error: its kind, its code (ours or Postgres's) and where it was thrown. Never the
 * message, which may quote the value that broke it.
 */
export function failureFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { error: error.name, code, at: frames(error) };
}

function frames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 4)
    .map((line) => line.trim());
}
