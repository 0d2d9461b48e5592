import { spawn } from 'node:child_process';

/** A system user that runs a program. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The environment of every PostgreSQL program: nothing of ours, so that no PG* variable or locale of the caller changes
 * what it does. The path is for the shell that initdb calls and for useradd.
 */
export const CLEAN_ENVIRONMENT = {
  LC_ALL: 'C',
  TZ: 'UTC',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** Uid and gid for `spawn`, or nothing when we run it as ourselves. */
export function asUser(user: ServerUser | undefined): {
  uid?: number;
  gid?: number;
} {
  return user ? { uid: user.uid, gid: user.gid } : {};
}

/** Runs a program to its end; `code` is null when it could not be started at all, `output` then says why. */
export function run(
  program: string,
  args: string[],
  user: ServerUser | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, {
      ...asUser(user),
      cwd: '/', // ours may be closed to that user
      env: CLEAN_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-16_384);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code, signal) =>
      resolve({
        code: code ?? -1,
        output: signal ? `${output}${signal}` : output,
      }),
    );
  });
}

/** The last lines of a program's output on one line, for an error message. */
export function lastLines(output: string, count: number): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).slice(-count).join(' | ');
}
