import { parentPort } from 'node:worker_threads';
import { decodeFit } from './fit/decode.ts';

/** One file. The next is sent when this one was answered. */
export interface DecodeJob {
  format: 'fit';
  bytes: Uint8Array;
}

export type Decoded = { recordings: unknown[]; warnings: string[] } | { refused: string };

/** What the thread says: once that it has started, then one answer for each job. */
export type WorkerMessage = { ready: true } | Decoded;

parentPort?.on('message', ({ bytes }: DecodeJob) => {
  const answer: WorkerMessage = decodeFit(bytes);
  parentPort?.postMessage(answer);
});
const started: WorkerMessage = { ready: true };
parentPort?.postMessage(started);
