import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type {
  Consent,
  ConsentDecision,
  SandboxAnswer,
  SandboxFarm,
  SandboxGate,
  SandboxProvider,
  SandboxRequest,
} from '../core/sandbox.ts';
import type { SandboxStore } from '../core/store.ts';
import { sha256 } from '../lib/hash.ts';
import { randomSecret } from '../lib/ids.ts';
import { createFarm } from './farm.ts';
import { isWebAddress } from './oauth.ts';
import { consentPage, messagePage } from './page.ts';
import { readSwitches, setSwitch } from './switches.ts';

export interface SandboxOptions {
  providers: SandboxProvider[];
  store: SandboxStore;
  /** The generated client of an environment, by its `client_id`. */
  clients: (provider: string, clientId: string) => Promise<Record<string, string> | undefined>;
  clock: Clock;
  /** Where the gate stands, e.g. `/sandbox`. */
  publicPath: string;
  log: Log;
  /** A new url-safe secret. Default: 32 random bytes. */
  random?: () => string;
  /** Milliseconds to let pass for the switch `slow`. Default: a timer. */
  wait?: (milliseconds: number) => Promise<void>;
  /** Whether `/switches` answers. Default true; false where others than the operator reach the server. */
  switches?: boolean;
}

type GateRequest = Parameters<SandboxGate['handle']>[0];
type GateAnswer = Awaited<ReturnType<SandboxGate['handle']>>;

const TICKET = { kind: 'ticket_token', lifeSeconds: 900 } as const;

/**
 * The farm of simulated providers: `/<real host>/<path>` is answered by that host's counterpart, `/consent` takes the
 * decision of the consent page, `/switches` reads and sets failures.
 */
export function createSandbox(options: SandboxOptions): SandboxGate {
  const ports = { ...options, random: options.random ?? (() => randomSecret()) };
  const members = options.providers.map((provider) => ({ provider, farm: createFarm(provider.id, ports) }));
  const gate: Gate = {
    options,
    members,
    wait: options.wait ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))),
  };
  return { handle: (request) => handle(gate, request) };
}

interface Member {
  provider: SandboxProvider;
  farm: SandboxFarm;
}

interface Gate {
  options: SandboxOptions;
  members: Member[];
  wait: (milliseconds: number) => Promise<void>;
}

async function handle(gate: Gate, request: GateRequest): Promise<GateAnswer> {
  const target = readTarget(request.path);
  if (target?.host === 'consent' && target.path === '') return decide(gate, request);
  if (target?.host === 'switches' && target.path === '') return operate(gate, request);
  const member = target && gate.members.find(({ provider }) => provider.hosts.includes(`https://${target.host}`));
  if (!target || !member) {
    return messagePage(404, 'Nothing here', 'No simulated provider stands in for this address.');
  }
  const url = new URL(`https://${target.host}${target.path || '/'}${target.search}`);
  const answer = await ask(gate, member, readRequest(request, url));
  const { provider } = member;
  if ('consent' in answer) return showConsent(gate, member, answer.consent);
  const status = 'drop' in answer ? 'dropped' : answer.status;
  gate.options.log.debug({ provider: provider.id, method: request.method, status }, 'simulated provider answered');
  return 'drop' in answer ? answer : plain(answer);
}

function readTarget(path: string): { host: string; path: string; search: string } | undefined {
  const match = /^\/+([^/?#]+)([^?#]*)(\?[^#]*)?/.exec(path);
  const host = match?.[1]?.toLowerCase() ?? '';
  if (!match || !/^[a-z0-9.-]+(:\d+)?$/.test(host)) return undefined;
  return { host, path: match[2] ?? '', search: match[3] ?? '' };
}

/** The provider's answer, unless its failure switch speaks first. */
async function ask(gate: Gate, { provider, farm }: Member, request: SandboxRequest): Promise<SandboxAnswer> {
  const failure = await farm.failure();
  if (failure?.kind === 'down') return { drop: true };
  if (failure?.kind === 'slow') await gate.wait(failure.seconds * 1000);
  if (failure?.kind === 'rate_limited') {
    const headers = { 'retry-after': String(failure.retryAfter) };
    return provider.failed?.(failure) ?? { status: 429, headers, json: { error: 'too_many_requests' } };
  }
  if (failure?.kind === 'server_error') {
    return provider.failed?.(failure) ?? { status: 500, json: { error: 'server_error' } };
  }
  return provider.handle(request, farm);
}

function readRequest(request: GateRequest, url: URL): SandboxRequest {
  const { method, headers, rawBody } = request;
  const type = headers['content-type'] ?? '';
  const text = Buffer.from(rawBody).toString('utf8');
  return {
    method,
    headers,
    rawBody,
    url,
    query: Object.fromEntries(url.searchParams),
    form: isForm(type) ? Object.fromEntries(new URLSearchParams(text)) : {},
    body: /^application\/json\b/i.test(type) ? readJson(text) : undefined,
  };
}

function isForm(type: string): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(type);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function plain(answer: Extract<SandboxAnswer, { status: number }>): GateAnswer {
  const isJson = answer.json !== undefined;
  const type = isJson ? 'application/json' : 'text/plain; charset=utf-8';
  return {
    status: answer.status,
    headers: { 'content-type': type, 'cache-control': 'no-store', ...answer.headers },
    body: isJson ? JSON.stringify(answer.json) : (answer.text ?? ''),
  };
}

/**
 * Keeps the consent under a single-use ticket: the decision counts only from a page that we showed. The app's state is a
 * secret of its login, so the page carries it and only its hash is kept.
 */
async function showConsent(gate: Gate, { provider, farm }: Member, consent: Consent): Promise<GateAnswer> {
  if (!isWebAddress(consent.redirectUri)) {
    return messagePage(400, 'Cannot go back', 'The app gave an address to return to that is not a web address.');
  }
  const secret = farm.secret();
  const { state, ...kept } = consent;
  await farm.put(TICKET.kind, secret, { ...kept, stateHash: hashOf(state) }, TICKET.lifeSeconds);
  return consentPage({
    provider: provider.id,
    consent,
    people: farm.people,
    action: `${gate.options.publicPath}/consent`,
    ticket: `${provider.id}.${secret}.${state}`,
    now: farm.now(),
  });
}

async function decide(gate: Gate, request: GateRequest): Promise<GateAnswer> {
  if (request.method !== 'POST') return messagePage(405, 'Nothing here', 'This address only takes a decision.');
  if (request.headers['sec-fetch-site'] === 'cross-site') {
    return messagePage(403, 'Not from here', 'The decision came from a page of another site.');
  }
  const form = new URLSearchParams(Buffer.from(request.rawBody).toString('utf8'));
  const ticket = readTicket(form.get('ticket') ?? '');
  const member = gate.members.find(({ provider }) => provider.id === ticket.provider);
  const kept = member && (await member.farm.get(TICKET.kind, ticket.secret));
  if (!member || !isKept(kept) || kept.stateHash !== hashOf(ticket.state)) return expired();
  const allowed = form.get('decision') === 'allow';
  const person = form.get('person') ?? '';
  if (allowed && !member.farm.person(person)) {
    return messagePage(400, 'Nobody chosen', 'Go back and choose one of the people.');
  }
  // Of two decisions at once only one finds the ticket.
  if (!(await member.farm.take(TICKET.kind, ticket.secret))) return expired();
  const chosen = form.getAll('scope');
  const { stateHash: _, ...consent } = { ...kept, state: ticket.state };
  const decision = { person, allowed, scopes: consent.scopes.filter((scope) => chosen.includes(scope)) };
  return goBack(member, consent, decision);
}

/** Neither a provider's id nor the secret holds a dot; the state may. */
function readTicket(ticket: string): { provider: string; secret: string; state: string } {
  const [provider = '', secret = '', ...state] = ticket.split('.');
  return { provider, secret, state: state.join('.') };
}

function hashOf(state: string): string {
  return sha256(state).toString('hex');
}

function expired(): GateAnswer {
  return messagePage(410, 'This page has expired', 'Start again from the app.');
}

async function goBack({ provider, farm }: Member, consent: Consent, decision: ConsentDecision): Promise<GateAnswer> {
  const answered = await provider.decide(consent, decision, farm);
  const location = new URL(consent.redirectUri);
  const state = consent.state === '' ? {} : { state: consent.state };
  for (const [name, value] of Object.entries({ ...answered, ...state })) location.searchParams.set(name, value);
  return {
    status: 303,
    headers: { location: location.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    body: '',
  };
}

interface KeptConsent extends Omit<Consent, 'state'> {
  stateHash: string;
}

function isKept(row: Record<string, unknown> | undefined): row is Record<string, unknown> & KeptConsent {
  return row !== undefined && typeof row.redirectUri === 'string' && Array.isArray(row.scopes);
}

async function operate(gate: Gate, request: GateRequest): Promise<GateAnswer> {
  const { store, clock, switches = true } = gate.options;
  if (!switches) return messagePage(404, 'Nothing here', 'Failure switches are closed on this server.');
  const ids = gate.members.map(({ provider }) => provider.id);
  if (request.method === 'GET') return plain(await readSwitches(store, ids, clock.now()));
  if (request.method !== 'POST')
    return plain({ status: 405, headers: { allow: 'GET, POST' }, json: { error: 'GET or POST' } });
  const body = readJson(Buffer.from(request.rawBody).toString('utf8'));
  const contentType = request.headers['content-type'] ?? '';
  return plain(await setSwitch(store, ids, { contentType, body }, clock.now()));
}
