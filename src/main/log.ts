import pino from 'pino';
import type { Log } from '../core/log.ts';

/** The process's log on stderr: JSON lines, or short readable lines when a person watches. */
export function createLog(level: string, terminal: boolean): Log & { flush(): void } {
  const destination = terminal
    ? { write: (line: string) => process.stderr.write(readable(line)) }
    : pino.destination({ fd: 2, sync: true });
  const logger = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => logger.flush(),
  };
}

const LEVELS: Record<number, string> = { 20: 'debug', 30: 'info ', 40: 'WARN ', 50: 'ERROR', 60: 'FATAL' };

function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return `${String(time).slice(11, 19)} ${LEVELS[Number(level)] ?? level} ${String(msg)}${rest ? `  ${rest}` : ''}\n`;
}
