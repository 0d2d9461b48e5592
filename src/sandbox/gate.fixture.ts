import type { ApiRequest, ApiResponse } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import type { SandboxProvider } from '../core/sandbox.ts';
import type { SandboxStore } from '../core/store.ts';
import { createSandbox } from './sandbox.ts';

interface Item {
  provider: string;
  kind: string;
  key: string;
  value: Record<string, unknown>;
  expiresAt: Date | undefined;
}

/** The state port in memory, with its rows in sight. */
export function memoryStore(): { store: SandboxStore; items: Map<string, Item> } {
  const items = new Map<string, Item>();
  const at = (provider: string, kind: string, key: string) => JSON.stringify([provider, kind, key]);
  const live = (item: Item | undefined, now: Date) =>
    item && (item.expiresAt === undefined || item.expiresAt > now) ? item : undefined;
  const store: SandboxStore = {
    async get(provider, kind, key, now) {
      return structuredClone(live(items.get(at(provider, kind, key)), now)?.value);
    },
    async put(provider, kind, key, value, expiresAt) {
      items.set(at(provider, kind, key), { provider, kind, key, value: structuredClone(value), expiresAt });
    },
    async take(provider, kind, key, now) {
      const item = live(items.get(at(provider, kind, key)), now);
      items.delete(at(provider, kind, key));
      return item?.value;
    },
    async list(provider, kind, now) {
      return [...items.values()]
        .filter((item) => item.provider === provider && item.kind === kind && live(item, now))
        .map(({ key, value }) => ({ key, value: structuredClone(value) }));
    },
  };
  return { store, items };
}

export const CLIENT = { client_id: 'client-1', client_secret: 'secret-1' };
export const OTHER_CLIENT = { client_id: 'client-2', client_secret: 'secret-2' };
export const REDIRECT_URI = 'https://app.example.com/v2/auth/back?kept=1';

type GateAnswer = { status: number; headers: Record<string, string>; body: string };

/** A farm as a client of the providers sees it: real addresses go in, answers come out. */
export function openFarm(providers: SandboxProvider[], options: { switches?: boolean } = {}) {
  const { store, items } = memoryStore();
  const logged: unknown[] = [];
  const waited: number[] = [];
  const time = { now: new Date('2026-03-02T10:00:00Z') };
  const keep = (fields: unknown, message: string) => void logged.push({ fields, message });
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  const gate = createSandbox({
    ...options,
    providers,
    store,
    clients: async (_provider, id) => [CLIENT, OTHER_CLIENT].find(({ client_id }) => client_id === id),
    clock: { now: () => time.now },
    publicPath: '/sandbox',
    log,
    wait: async (milliseconds) => void waited.push(milliseconds),
  });

  const send = (method: string, path: string, headers: Record<string, string> = {}, body = '') =>
    gate.handle({ method, path, headers, rawBody: Buffer.from(body) });

  /** Sends what a manifest describes; undefined: the socket was closed without an answer. */
  async function request(request: ApiRequest, accessToken?: string): Promise<ApiResponse | undefined> {
    const url = new URL(request.url);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { ...request.headers };
    if ((request.as ?? 'bearer') === 'bearer' && accessToken) headers.authorization = `Bearer ${accessToken}`;
    if (request.form) headers['content-type'] = 'application/x-www-form-urlencoded';
    const path = `/${url.host}${url.pathname}${url.search}`;
    const answer = await send(request.method ?? 'GET', path, headers, formText(request.form ?? {}));
    if ('drop' in answer) return undefined;
    const isJson = answer.headers['content-type'] === 'application/json';
    const json: unknown = isJson ? JSON.parse(answer.body) : undefined;
    return { status: answer.status, headers: answer.headers, body: Buffer.from(answer.body), json };
  }

  /** Opens an authorise page. */
  async function open(url: string): Promise<GateAnswer> {
    const { host, pathname, search } = new URL(url);
    return answered(await send('GET', `/${host}${pathname}${search}`));
  }

  /** Presses a button of a consent page with what is chosen on it, or with `changes`. */
  async function press(
    page: GateAnswer,
    decision: 'allow' | 'deny',
    changes: { person?: string; scopes?: string[]; ticket?: string; headers?: Record<string, string> } = {},
  ): Promise<GateAnswer> {
    const fields = readForm(page.body);
    const form = new URLSearchParams({
      ticket: changes.ticket ?? fields.ticket,
      person: changes.person ?? fields.person,
      decision,
    });
    for (const scope of changes.scopes ?? fields.scopes) form.append('scope', scope);
    const path = fields.action.replace(/^\/sandbox/, '');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...changes.headers };
    return answered(await send('POST', path, headers, form.toString()));
  }

  return { send, request, open, press, items, logged, waited, time, setSwitch, advance };

  async function setSwitch(provider: string, value: unknown): Promise<GateAnswer> {
    const body = JSON.stringify({ provider, switch: value });
    return answered(await send('POST', '/switches', { 'content-type': 'application/json' }, body));
  }

  function advance(seconds: number): void {
    time.now = new Date(time.now.getTime() + seconds * 1000);
  }
}

export type TestFarm = ReturnType<typeof openFarm>;

function answered(answer: GateAnswer | { drop: true }): GateAnswer {
  if ('drop' in answer) throw new Error('the socket was closed');
  return answer;
}

function formText(form: NonNullable<ApiRequest['form']>): string {
  const given = Object.entries(form).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

function readForm(html: string): { action: string; ticket: string; person: string; scopes: string[] } {
  const first = (pattern: RegExp) => unescapeHtml(pattern.exec(html)?.[1] ?? '');
  return {
    action: first(/<form[^>]* action="([^"]*)"/),
    ticket: first(/name="ticket" value="([^"]*)"/),
    person: first(/name="person" value="([^"]*)" checked/),
    scopes: [...html.matchAll(/name="scope" value="([^"]*)" checked/g)].map(([, value]) => unescapeHtml(value ?? '')),
  };
}

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
  return text.replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => entities[name] ?? '');
}
