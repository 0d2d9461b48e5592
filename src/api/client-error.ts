import type { Socket } from 'node:net';
import { Problem } from '../core/problem.ts';
import { PROBLEM_TYPE, problemBodyOf } from './problem-answer.ts';

/**
 * Answers what the HTTP parser refused (bad framing, headers over the limit), where there is no request object yet:
 * the same body as everywhere, then the connection ends.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const line = large ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const problem = new Problem('bad_request', { detail: large ? 'headers or url are too large' : 'malformed request' });
  const body = JSON.stringify(problemBodyOf(problem, ''));
  const headers = [
    `HTTP/1.1 ${line}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}
