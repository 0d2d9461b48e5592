import type { Environment } from '../../core/environment.ts';
import { Problem } from '../../core/problem.ts';
import type { TerraUser } from '../../schema/user.ts';
import type { EventRow, OfferedProvider, Onward, ResultView, Services, SessionView } from '../../services/services.ts';

/** What the pages talk to in tests: the service ports over plain lists that a test fills and looks at. */
export interface Stage {
  services: Services;
  environment: Environment;
  sessions: Map<string, SessionView>;
  results: Map<string, ResultView>;
  onward: Onward | Problem;
  chosen: { session: string; provider: string }[];
  disconnected: string[];
  users: TerraUser[];
  events: EventRow[];
  bodies: Map<string, string>;
  destinations: { id: string; url: string }[];
  /** One-time links that still work. */
  links: Set<string>;
  /** Fails every call of the first-steps interface until cleared. */
  failure: Problem | undefined;
}

export const SESSION = '0b9c2f1e-4b7a-4f38-9a55-6a6d0f6f1a01';
export const OPERATOR = 'operator-session-token';

export const environment: Environment = {
  id: '6f1f0a36-0d0f-4a38-8d5e-3c6f3f5b1c01',
  devId: 'solum-testing-k3v9q2',
  name: 'My health app',
  kind: 'testing',
  settings: {} as Environment['settings'],
  createdAt: new Date('2026-11-01T08:00:00Z'),
};

export function provider(code: string, name: string, more: Partial<OfferedProvider> = {}): OfferedProvider {
  return { code, name, logo: undefined, kind: 'oauth', simulated: true, connection: undefined, ...more };
}

export function session(more: Partial<SessionView> = {}): SessionView {
  return {
    id: SESSION,
    state: 'open',
    app: { name: 'Morning Run', color: '#0f766e', logo: undefined },
    language: undefined,
    showDisconnect: false,
    providers: [provider('ALFA', 'Alfa'), provider('BRAVO', 'Bravo Ring', { simulated: false })],
    completed: undefined,
    failureRedirect: undefined,
    ...more,
  };
}

export function createStage(): Stage {
  const stage: Stage = {
    services: undefined as unknown as Services,
    environment,
    sessions: new Map([[SESSION, session()]]),
    results: new Map(),
    onward: { kind: 'redirect', url: '/auth/start/5d0c8c57-9a0e-4a86-8c53-0d3c3f3b2c11' },
    chosen: [],
    disconnected: [],
    users: [],
    events: [],
    bodies: new Map(),
    destinations: [],
    links: new Set(['one-time-link']),
    failure: undefined,
  };
  const checked = <T>(value: T): T => {
    if (stage.failure) throw stage.failure;
    return value;
  };
  stage.services = {
    connect: connectOf(stage),
    disconnect: disconnectOf(stage),
    users: { all: async () => checked(stage.users) },
    environments: { addKey: async () => checked('sk_test_9dQ2mV7xK4pT1sR8') },
    events: eventsOf(stage, checked),
    destinations: destinationsOf(stage, checked),
    operators: {
      link: async () => 'one-time-link',
      enter: async (link: string) => (stage.links.delete(link) ? OPERATOR : undefined),
      isIn: async (token: string | undefined) => token === OPERATOR,
    },
  } as unknown as Services;
  return stage;
}

function connectOf(stage: Stage): Partial<Services['connect']> {
  return {
    createSession: async (_environment, input) => {
      stage.sessions.set(SESSION, session({ showDisconnect: input.showDisconnect ?? false }));
      return { sessionId: SESSION, url: `/session/${SESSION}`, expiresIn: 900 };
    },
    view: async (id) => stage.sessions.get(id),
    result: async (id) => stage.results.get(id),
    choose: async (id, code) => {
      stage.chosen.push({ session: id, provider: code });
      if (stage.onward instanceof Problem) throw stage.onward;
      return stage.onward;
    },
  };
}

function disconnectOf(stage: Stage): Partial<Services['disconnect']> {
  return {
    fromSession: async (id, userId) => {
      stage.disconnected.push(userId);
      for (const offer of stage.sessions.get(id)?.providers ?? []) {
        if (offer.connection?.userId === userId) offer.connection = undefined;
      }
    },
    byUserId: async (_environment, userId) => {
      const at = stage.users.findIndex((user) => user.user_id === userId);
      if (at < 0) throw new Problem('user_not_found');
      stage.users.splice(at, 1);
      stage.disconnected.push(userId);
    },
  };
}

function eventsOf(stage: Stage, checked: <T>(value: T) => T): Partial<Services['events']> {
  return {
    list: async (_environment, { before, after, limit = 50 }) => {
      const all = [...checked(stage.events)].sort((a, b) => (a.id < b.id ? 1 : -1));
      return all.filter((one) => (!before || one.id < before) && (!after || one.id > after)).slice(0, limit);
    },
    body: async (_environment, id) => {
      const body = stage.bodies.get(id);
      if (body === undefined) throw new Problem('not_found');
      return body;
    },
    resend: async () => stage.destinations.length,
  };
}

function destinationsOf(stage: Stage, checked: <T>(value: T) => T): Partial<Services['destinations']> {
  const row = (destination: { id: string; url: string }) => ({
    environmentId: environment.id,
    id: destination.id,
    type: 'webhook',
    display: { url: destination.url },
    active: true,
    ordered: false,
    eventTypes: undefined,
    ownSecret: true,
    timeoutMs: 8000,
    concurrency: 4,
    maxAttempts: 10,
    createdAt: environment.createdAt,
  });
  return {
    list: async () => checked(stage.destinations).map(row),
    add: async (_environment, _type, config) => {
      const url = String(config.url);
      if (url.includes('10.0.0.1')) {
        throw new Problem('bad_request', { detail: 'url points to a private address', field: 'url' });
      }
      const added = { id: `00000000-0000-4000-8000-${String(stage.destinations.length).padStart(12, '0')}`, url };
      stage.destinations.push(added);
      return { destination: row(added), signingSecret: 'whsec_5c1f0a6b2d9e4a7f' };
    },
    remove: async (_environment, id) => {
      stage.destinations = stage.destinations.filter((one) => one.id !== id);
    },
  };
}
