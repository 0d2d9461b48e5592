import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Browser, consentTo } from '../harness/browser.ts';
import { freePort } from '../harness/free-port.ts';

const BIN = fileURLToPath(new URL('../../bin/solum.js', import.meta.url));

/** What `solum start --json` prints once it answers. */
export interface Ready {
  url: string;
  link: string;
  dev_id: string;
  api_key?: string;
}

export interface RunningSolum extends Ready {
  process: ChildProcess;
  dataDir: string;
  /** Everything written to stderr so far. */
  log(): string;
  /** Runs one command of the command line against the same data. */
  run(...args: string[]): Promise<{ code: number; json: unknown; stdout: string; stderr: string }>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM, wait, and remove the data unless it is kept. */
  stop(options?: { keepData?: boolean }): Promise<void>;
}

export const API_KEY = 'test-api-key-0123456789-0123456789-0123456789';
export const SIGNING_SECRET = 'test-signing-secret-0123456789';
export const DEV_ID = 'acme-testing-a1B2c3D4e5';

/** Starts the real command in a data directory of its own and waits until it is ready. */
export async function startSolum(
  options: { dataDir?: string; port?: number; env?: Record<string, string> } = {},
): Promise<RunningSolum> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'solum-e2e-'));
  const port = options.port ?? (await freePort());
  const env = {
    ...process.env,
    PORT: String(port),
    SOLUM_DATA_DIR: dataDir,
    SOLUM_DEV_ID: DEV_ID,
    SOLUM_API_KEY: API_KEY,
    SOLUM_SIGNING_SECRET: SIGNING_SECRET,
    ...options.env,
  };
  const child = spawn(process.execPath, [BIN, 'start', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ready = await firstLine(child, () => log);
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  return {
    ...ready,
    process: child,
    dataDir,
    log: () => log,
    run: (...args) => runSolum(args, env),
    kill,
    stop: async ({ keepData = false } = {}) => {
      await kill('SIGTERM');
      if (!keepData) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function firstLine(child: ChildProcess, log: () => string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) resolve(JSON.parse(out.slice(0, out.indexOf('\n'))) as Ready);
    });
    child.once('exit', (code) => reject(new Error(`solum start ended with ${code}: ${log().slice(-2000)}`)));
  });
}

/** Runs a command with `--json`. */
export async function runSolum(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; json: unknown; stdout: string; stderr: string }> {
  const outcome = await promisify(execFile)(process.execPath, [BIN, ...args, '--json'], { env, maxBuffer: 1e8 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout,
      stderr: error.stderr,
    }),
  );
  let json: unknown;
  try {
    json = JSON.parse(outcome.stdout);
  } catch {
    json = undefined;
  }
  return { ...outcome, json };
}

/** An environment's address and keys, as an app has them. */
export interface Keys {
  url: string;
  devId: string;
  apiKey: string;
}

/** Connects a simulated person (default: the first) as a browser would; answers the user id. */
export async function connectPerson(
  keys: Keys,
  provider: string,
  referenceId: string,
  person?: string,
): Promise<string> {
  const answer = await fetch(`${keys.url}/v2/auth/authenticateUser?resource=${provider}`, {
    method: 'POST',
    headers: { ...headersOf(keys), 'content-type': 'application/json' },
    body: JSON.stringify({ reference_id: referenceId, auth_success_redirect_url: 'https://app.example/done' }),
  });
  const { auth_url: authUrl } = (await answer.json()) as { auth_url?: string };
  if (!authUrl) throw new Error(`no login link: ${answer.status}`);
  const landed = new URL(await consentTo(new Browser(), authUrl, person === undefined ? {} : { person }));
  const userId = landed.searchParams.get('user_id');
  if (landed.hostname !== 'app.example' || !userId) throw new Error(`not connected: ${landed.href}`);
  return userId;
}

/** Ids of the environment's users. */
export async function usersOf(keys: Keys): Promise<string[]> {
  const answer = await fetch(`${keys.url}/v2/subscriptions`, { headers: headersOf(keys) });
  if (!answer.ok) throw new Error(`/subscriptions answered ${answer.status}`);
  const { users } = (await answer.json()) as { users: { user_id: string }[] };
  return users.map(({ user_id }) => user_id);
}

function headersOf({ devId, apiKey }: Keys): Record<string, string> {
  return { 'dev-id': devId, 'x-api-key': apiKey };
}
