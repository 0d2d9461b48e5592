import { Agent } from 'undici';
import type { ApiRequest, ApiResponse, TransportFailure } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import type { ProviderCall, ProviderClient } from '../core/outbound.ts';
import { Problem } from '../core/problem.ts';
import { USER_AGENT } from '../lib/version.ts';
import { guardedConnector, type Resolve } from './connector.ts';
import { type Answer, exchange } from './exchange.ts';
import { failure } from './failure.ts';
import type { Guard } from './guard.ts';
import { sandboxUrl } from './sandbox-address.ts';

export interface ProviderClientOptions {
  guard: Guard;
  /** Where the simulated providers are served, e.g. `http://127.0.0.1:3000/sandbox`; undefined: switched off. */
  sandboxOrigin: () => string | undefined;
  log: Log;
  /** Default: the system's resolver. */
  resolve?: Resolve;
}

export interface ClosableProviderClient extends ProviderClient {
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * Sends what manifests describe. Tokens are added here, after the origin was found among the manifest's hosts, and
 * appear in no error or log line. The sandbox is reached past the guard: its address is ours, not a customer's.
 */
export function createProviderClient(options: ProviderClientOptions): ClosableProviderClient {
  const live = new Agent({ connect: guardedConnector(options.guard, options.resolve) });
  const sandbox = new Agent();
  return {
    send: (call) => send(call, { ...options, live, sandbox }),
    async close() {
      await Promise.all([live.destroy(), sandbox.destroy()]);
    },
  };
}

interface Wiring extends ProviderClientOptions {
  live: Agent;
  sandbox: Agent;
}

async function send(call: ProviderCall, wiring: Wiring): Promise<ApiResponse | TransportFailure> {
  const real = realUrl(call);
  const isLive = call.transport === 'live';
  const base = isLive ? undefined : wiring.sandboxOrigin();
  if (!isLive && !base) return failure('refused');
  const url = base ? sandboxUrl(base, real) : real;
  const { headers, body } = encode(call.request);
  const startedAt = performance.now();
  const answer = await exchange(isLive ? wiring.live : wiring.sandbox, {
    method: call.request.method ?? 'GET',
    url,
    headers: { ...headers, ...authorization(call) },
    ...(body === undefined ? {} : { body }),
    timeoutMs: call.timeoutMs ?? TIMEOUT_MS,
    maxBytes: call.maxBytes ?? MAX_BYTES,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const durationMs = Math.round(performance.now() - startedAt);
  logCall(wiring.log, call, answer, durationMs);
  if ('failed' in answer) return answer;
  return answer.cut ? failure('too_large') : response(answer);
}

/** The path may hold a provider's user id, so only host, method and status are logged. */
function logCall(log: Log, call: ProviderCall, answer: Answer | TransportFailure, durationMs: number): void {
  const result = 'failed' in answer ? { failed: answer.failed } : { status: answer.status };
  const { id: provider } = call.provider;
  const method = call.request.method ?? 'GET';
  log.debug({ provider, host: new URL(call.request.url).host, method, ...result, durationMs }, 'provider request');
}

/** The request's address with its query, once it is known to be one of the provider's own hosts. */
function realUrl({ provider, request }: ProviderCall): URL {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  const known = Object.values(provider.hosts).some(
    (host) => URL.canParse(host) && new URL(host).origin === url?.origin,
  );
  if (url?.protocol !== 'https:' || !known || url.username || url.password) {
    throw new Problem('internal', {
      detail: `a request of ${provider.id} goes to a host that its manifest does not name`,
    });
  }
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function encode(request: ApiRequest): { headers: Record<string, string>; body: string | undefined } {
  const headers: Record<string, string> = { 'user-agent': USER_AGENT, accept: 'application/json, */*;q=0.5' };
  let body: string | undefined;
  if (request.form) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    body = formText(request.form);
  } else if (request.json !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(request.json);
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  return { headers, body };
}

function formText(form: NonNullable<ApiRequest['form']>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    if (value !== undefined) params.append(name, String(value));
  }
  return params.toString();
}

function authorization({ request, accessToken, basic, provider }: ProviderCall): Record<string, string> {
  const as = request.as ?? 'bearer';
  if (as === 'nobody') return {};
  if (as === 'bearer' && accessToken !== undefined) return { authorization: `Bearer ${accessToken}` };
  if (as === 'basic' && basic) return { authorization: basicCredentials(basic.id, basic.secret) };
  throw new Problem('internal', { detail: `a request of ${provider.id} needs ${as} credentials and got none` });
}

/** RFC 7617 §2: the pair in UTF-8, joined by a colon, in Base64. */
function basicCredentials(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`, 'utf8').toString('base64')}`;
}

function response(answer: Answer): ApiResponse {
  return { status: answer.status, headers: answer.headers, body: answer.body, json: parsed(answer.body) };
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
