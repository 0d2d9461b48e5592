import { resolve } from 'node:path';

/** One row of the configuration: what the operator can set in the process environment. */
interface Variable<T> {
  variable: string;
  /** Shown in docs/configuration.md. */
  description: string;
  /** Shown in docs/configuration.md when the default is not a plain value. */
  defaultText?: string;
  secret?: boolean;
  /** Throws an Error whose message says what the value should look like. */
  parse: (text: string) => T;
  fallback: T;
}

function variable<T>(row: Variable<T>): Variable<T> {
  return row;
}

/** The one table of process configuration: parsing, defaults and docs/configuration.md come from it. */
export const VARIABLES = {
  port: variable({
    variable: 'PORT',
    description: 'Port of the HTTP server.',
    parse: integer(0, 65_535),
    fallback: 3000,
  }),
  host: variable({
    variable: 'HOST',
    description: 'Address to listen on. `0.0.0.0` opens the server to other machines.',
    parse: text,
    fallback: '127.0.0.1',
  }),
  publicUrl: variable({
    variable: 'PUBLIC_URL',
    description: 'Address under which browsers and providers reach this server, without a path.',
    defaultText: '`http://localhost:<PORT>`',
    parse: origin,
    fallback: undefined as string | undefined,
  }),
  databaseUrl: variable({
    variable: 'DATABASE_URL',
    description: 'PostgreSQL 15 or newer. Without it an embedded PostgreSQL runs in the data directory.',
    defaultText: 'embedded',
    secret: true,
    parse: postgresUrl,
    fallback: undefined as string | undefined,
  }),
  dataDir: variable({
    variable: 'SOLUM_DATA_DIR',
    description: 'Directory of the embedded database and the generated key file.',
    defaultText: '`./.solum`',
    parse: (value) => resolve(text(value)),
    fallback: resolve('.solum'),
  }),
  masterKey: variable({
    variable: 'SOLUM_MASTER_KEY',
    description:
      'Master key that wraps all data keys: 32 bytes as 64 hex digits or 43 base64url characters. Required for production environments; otherwise a key file is generated in the data directory.',
    defaultText: 'generated key file',
    secret: true,
    parse: keyBytes,
    fallback: undefined as Buffer | undefined,
  }),
  previousMasterKeys: variable({
    variable: 'SOLUM_MASTER_KEY_PREVIOUS',
    description: 'Earlier master keys, separated by commas, that `solum key rotate` re-wraps from.',
    defaultText: 'none',
    secret: true,
    parse: (value) => list(value).map(keyBytes),
    fallback: [] as Buffer[],
  }),
  providersDir: variable({
    variable: 'SOLUM_PROVIDERS_DIR',
    description: 'Directory with further provider folders, each with a `manifest.js` or `manifest.ts`.',
    defaultText: 'none',
    parse: (value) => resolve(text(value)),
    fallback: undefined as string | undefined,
  }),
  sandbox: variable({
    variable: 'SOLUM_SANDBOX',
    description:
      'Simulated providers, `on` or `off`. On by default only while the server listens on loopback; never used by production environments.',
    defaultText: '`on` on loopback, else `off`',
    parse: onOff,
    fallback: undefined as boolean | undefined,
  }),
  allowAddresses: variable({
    variable: 'SOLUM_ALLOW_ADDRESSES',
    description: 'Private networks (CIDR, separated by commas) that webhooks and other destinations may reach.',
    defaultText: 'none',
    parse: list,
    fallback: [] as string[],
  }),
  devId: variable({
    variable: 'SOLUM_DEV_ID',
    description: 'dev-id of the first environment.',
    defaultText: 'generated',
    parse: pattern(/^[A-Za-z0-9_-]{1,128}$/, 'up to 128 letters, digits, - and _'),
    fallback: undefined as string | undefined,
  }),
  apiKey: variable({
    variable: 'SOLUM_API_KEY',
    description: 'API key of the first environment, at least 32 characters.',
    defaultText: 'generated',
    secret: true,
    parse: pattern(/^[\x21-\x7e]{32,256}$/, 'at least 32 printable characters'),
    fallback: undefined as string | undefined,
  }),
  signingSecret: variable({
    variable: 'SOLUM_SIGNING_SECRET',
    description: 'Signing secret of the first environment, at least 16 characters.',
    defaultText: 'generated',
    secret: true,
    parse: pattern(/^[\x21-\x7e]{16,256}$/, 'at least 16 printable characters'),
    fallback: undefined as string | undefined,
  }),
  webhookUrl: variable({
    variable: 'SOLUM_WEBHOOK_URL',
    description: 'Webhook destination of the first environment, signed with its signing secret.',
    defaultText: 'none',
    parse: httpUrl,
    fallback: undefined as string | undefined,
  }),
  logLevel: variable({
    variable: 'SOLUM_LOG_LEVEL',
    description: '`debug`, `info`, `warn`, `error` or `silent`.',
    parse: pattern(/^(debug|info|warn|error|silent)$/, 'debug, info, warn, error or silent'),
    fallback: 'info',
  }),
} as const;

type Values = { [K in keyof typeof VARIABLES]: (typeof VARIABLES)[K]['fallback'] };

/** The process configuration, parsed once and frozen. */
export type Config = Readonly<
  Omit<Values, 'publicUrl' | 'sandbox'> & {
    publicUrl: string;
    sandbox: boolean;
    /** The server listens on this machine only. */
    loopback: boolean;
  }
>;

export type ConfigResult = { config: Config } | { problems: string[] };

/**
 * Reads the configuration from the process environment (the only place that does).
 * All problems are reported together, each naming its variable; secret values are never repeated.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ConfigResult {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(VARIABLES)) {
    const given = env[row.variable]?.trim();
    values[name] = row.fallback;
    if (given === undefined || given === '') continue;
    try {
      values[name] = row.parse(given);
    } catch (error) {
      const shown = 'secret' in row && row.secret ? '' : ` (it is "${given.slice(0, 80)}")`;
      problems.push(`${row.variable}: ${(error as Error).message}${shown}`);
    }
  }
  if (problems.length > 0) return { problems };
  return { config: complete(values as Values) };
}

function complete(values: Values): Config {
  const loopback = isLoopbackHost(values.host);
  return Object.freeze({
    ...values,
    publicUrl: values.publicUrl ?? `http://localhost:${values.port}`,
    sandbox: values.sandbox ?? loopback,
    loopback,
  });
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function text(value: string): string {
  return value;
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) throw new Error(`needs a whole number ${min} to ${max}`);
    return number;
  };
}

function pattern(regex: RegExp, words: string): (value: string) => string {
  return (value) => {
    if (!regex.test(value)) throw new Error(`needs ${words}`);
    return value;
  };
}

function onOff(value: string): boolean {
  if (value !== 'on' && value !== 'off') throw new Error('needs on or off');
  return value === 'on';
}

function httpUrl(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) throw new Error('needs an address like https://example.com');
  return value;
}

function origin(value: string): string {
  const url = new URL(httpUrl(value));
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new Error('needs an address without a path');
  return url.origin;
}

function postgresUrl(value: string): string {
  if (!/^postgres(ql)?:\/\//.test(value)) throw new Error('needs an address like postgres://user@host:5432/name');
  return value;
}

function keyBytes(value: string): Buffer {
  if (/^[0-9a-fA-F]{64}$/.test(value)) return Buffer.from(value, 'hex');
  const bytes = Buffer.from(value, 'base64url');
  if (/^[A-Za-z0-9_-]{43}=?$/.test(value) && bytes.length === 32) return bytes;
  throw new Error('needs 32 bytes as 64 hex digits or 43 base64url characters');
}
