import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { signal } from './process-mark.ts';

export interface Answer {
  url?: string;
  started?: string;
  error?: string;
}

export interface LaunchOptions {
  /** The checkout that it runs from, see checkout.fixture.ts. */
  checkout: string;
  node?: string;
  command?: 'start' | 'attach';
  uid?: number;
  gid?: number;
  /** Runs before it as root in a file system view of its own, shell text. */
  prelude?: string;
}

/** A running embedded.fixture.ts. */
export class Client {
  readonly logs: string[] = [];
  readonly answer: Promise<Answer>;
  readonly ended: Promise<number | null>;
  readonly process: ChildProcess;

  constructor(dataDir: string, options: LaunchOptions) {
    const program = [options.node ?? process.execPath, join(options.checkout, 'src/embedded.fixture.js')];
    const line = [...program, options.command ?? 'start', dataDir];
    const [file = '', ...args] = options.prelude
      ? ['unshare', '-m', 'sh', '-ec', `${options.prelude}; exec "$@"`, 'sh', ...line]
      : line;
    const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.gid ?? options.uid };
    this.process = spawn(file, args, { ...identity, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.process.on('close', resolve));
    this.answer = this.#listen();
  }

  /** Closes its input, so that it stops the database and ends; answers its exit code. */
  stop(): Promise<number | null> {
    this.process.stdin?.end();
    return this.ended;
  }

  /** kill -9, of the process alone or with everything in its process group. */
  async kill(what: 'process' | 'group' = 'process'): Promise<void> {
    const pid = this.process.pid ?? 0;
    signal(what === 'group' ? -pid : pid, 'SIGKILL');
    await this.ended;
  }

  #listen(): Promise<Answer> {
    let errors = '';
    this.process.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    return new Promise((resolve) => {
      createInterface({ input: this.process.stdout! }).on('line', (line) => {
        const message = JSON.parse(line) as Answer & { log?: string };
        if (message.log === undefined) resolve(message);
        else this.logs.push(message.log);
      });
      this.ended.then((code) => resolve({ error: `ended with ${code} without an answer: ${errors}` }));
    });
  }
}

/** Where the data of a data directory are, by its record. */
export function dataOf(dataDir: string): string {
  const record = JSON.parse(readFileSync(join(dataDir, 'embedded/cluster.json'), 'utf8')) as { data: string };
  return isAbsolute(record.data) ? record.data : join(dataDir, record.data);
}

/** The process of the server by its pid file; undefined when it has none. */
export function serverPid(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataOf(dataDir), 'postmaster.pid'), 'utf8').split('\n')[0]) || undefined;
  } catch {
    return undefined;
  }
}
