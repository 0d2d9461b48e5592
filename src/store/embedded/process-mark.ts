import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The mark of this process, `<pid>.<start>`: short, without path separators, fit for file names.
 * The start time is part of it because pids are reused, in a restarted container even at once.
 */
export async function ownMark(): Promise<string> {
  return `${process.pid}.${await startOf(process.pid)}`;
}

/** Whether the process that wrote this mark (anything after the second dot is ignored) still runs. */
export async function isAlive(mark: string): Promise<boolean> {
  const [pid, start] = mark.split('.');
  const now = await startOf(Number(pid));
  return now !== undefined && (now === start || now === 'hidden');
}

/** The pid inside a mark, for messages. */
export function pidOf(mark: string): string {
  return mark.split('.')[0] ?? mark;
}

/** When the process started, in a form that is only compared; undefined when none runs. A zombie does not run. */
export async function startOf(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0 || !isPresent(pid)) return undefined;
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** Whether `pid` is the PostgreSQL server of this data directory (given without symbolic links). */
export async function servesData(pid: number, dataDirectory: string): Promise<boolean> {
  // The server works inside its data directory, which holds when that has been moved; containers may hide this from root.
  const place = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (place !== undefined) return place === dataDirectory;
  // PostgreSQL rewrites the titles of its children, but the first process keeps its command line.
  return (await commandOf(pid)).includes(` -D ${dataDirectory} `);
}

/** Sends a signal; a process that has just ended by itself is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until the process is gone; false when it outlived the time. */
export async function waitUntilGone(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while ((await startOf(pid)) !== undefined) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

/** Whether the pid is taken, be it by a zombie. */
export function isPresent(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it runs, as somebody else
  }
}

let boot: Promise<string> | undefined;

async function startFromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    // Field 22 of proc(5) counts from boot, so the boot belongs to the mark.
    boot ??= readFile('/proc/sys/kernel/random/boot_id', 'latin1').then((id) => id.slice(0, 8));
    return `${await boot}-${fields[19]}`;
  } catch {
    return isPresent(pid) ? 'hidden' : undefined; // proc mounted with hidepid shows only one's own processes
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  const line = await ps(pid, ['-o', 'stat=', '-o', 'lstart=']);
  if (line === '') return undefined;
  const [state = '', ...start] = line.split(/\s+/);
  return state.startsWith('Z') ? undefined : start.join('-').replaceAll(/[^\w-]/g, '');
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return `${await ps(pid, ['-ww', '-o', 'command='])} `;
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.replaceAll('\0', ' ');
}

function ps(pid: number, columns: string[]): Promise<string> {
  return new Promise((resolve) => {
    const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/bin:/usr/bin' };
    execFile('ps', [...columns, '-p', String(pid)], { env }, (_error, stdout) => resolve(stdout.trim()));
  });
}
