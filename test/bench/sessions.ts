import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { attachEmbedded } from '../../src/store/embedded/embedded.ts';
import { API_KEY, DEV_ID, startSolum } from '../e2e/running-solum.ts';
import { freePort } from '../harness/free-port.ts';

/*
 * Widget sessions per second of the real server, against a bare Fastify route with one insert into the same database,
 * each in a process of its own, in alternating rounds of the same run. Also the idle memory of the server's process.
 * Run with `npx tsx test/bench/sessions.ts [seconds a round]`; prints JSON, fails below LEAST.
 */
const SECONDS = Number(process.argv[2] ?? 5);
const ROUNDS = 3;
const LEAST = 0.5;
const CONNECTIONS = 16;

const solum = await startSolum({ env: { SOLUM_LOG_LEVEL: 'warn' } });
let bare: ChildProcess | undefined;
try {
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const idleMegabytes = memoryOf(solum.process.pid ?? 0);
  const database = await attachEmbedded({ dataDir: solum.dataDir, log: () => {} });
  const port = await freePort();
  bare = spawn(
    process.execPath,
    ['--import', 'tsx', new URL('./bare-route.ts', import.meta.url).pathname, database?.url ?? '', String(port)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(bare.stdout as NodeJS.ReadableStream, 'data');
  const headers = { 'content-type': 'application/json', 'dev-id': DEV_ID, 'x-api-key': API_KEY };
  const ours = () =>
    load(`${solum.url.replace('localhost', '127.0.0.1')}/v2/auth/generateWidgetSession`, {
      ...headers,
      host: new URL(solum.url).host,
    });
  const theirs = () => load(`http://127.0.0.1:${port}/session`, { 'content-type': 'application/json' });
  await ours();
  await theirs();
  const rounds = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.ours.push(await ours());
    rounds.bare.push(await theirs());
  }
  const sessionsPerSecond = median(rounds.ours);
  const barePerSecond = median(rounds.bare);
  const ratio = sessionsPerSecond / barePerSecond;
  const figures = {
    sessionsPerSecond,
    barePerSecond,
    ratio,
    idleMegabytes,
    busyMegabytes: memoryOf(solum.process.pid ?? 0),
  };
  console.log(
    JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value)),
  );
  process.exitCode = ratio < LEAST ? 1 : 0;
} finally {
  bare?.kill();
  await solum.stop();
}

async function load(url: string, headers: Record<string, string>): Promise<number> {
  const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  const body = JSON.stringify({ reference_id: 'bench-person', language: 'en' });
  const until = performance.now() + SECONDS * 1000;
  let done = 0;
  const one = async () => {
    while (performance.now() < until) {
      const answer = await request(url, { method: 'POST', headers, body, dispatcher });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  await dispatcher.close();
  return done / SECONDS;
}

/** Resident memory of a process in megabytes. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
