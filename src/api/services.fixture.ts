import type { Environment } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { TerraUser } from '../schema/user.ts';
import type { CallbackInput, Onward, ReadQuery, Services, SessionInput } from '../services/services.ts';

/** What the routes asked of the services, for tests of routing, input and errors. */
interface Asked {
  sessions: SessionInput[];
  authenticate: { provider: string; input: SessionInput }[];
  callbacks: CallbackInput[];
  reads: { type: string; query: ReadQuery }[];
  disconnected: string[];
}

export interface FixtureServices {
  services: Services;
  asked: Asked;
  environments: Environment[];
  users: Map<string, TerraUser[]>;
  /** What the next callback or start answers. */
  onward: { next: Onward };
}

export const USER_ID = '40f7b0e1-89e2-43ac-a5b8-1e29c8d47cad';

export function testEnvironment(devId: string, settings: Partial<Environment['settings']> = {}): Environment {
  return {
    id: `environment-of-${devId}`,
    devId,
    name: devId,
    kind: 'testing',
    settings: {
      user_limit: 50,
      reauth_scope: 'environment',
      retired_user_ids: 'not_found',
      auto_backfill_days: 0,
      redirect_allow_list: [],
      include_samples: false,
      userinfo_reference_shape: 'object',
      auth_failure_event: 'auth_cancelled',
      unique_chunk_reference: false,
      redirect_null_reference: false,
      data_types: null,
      widget_name: null,
      widget_logo: null,
      widget_color: '#0f766e',
      ...settings,
    },
    createdAt: new Date('2026-01-01T00:00:00Z'),
  };
}

function testUser(userId: string, referenceId: string): TerraUser {
  return {
    user_id: userId,
    provider: 'EXAMPLE',
    created_at: '2026-07-01T08:00:00.000000+00:00',
    last_webhook_update: null,
    scopes: null,
    reference_id: referenceId,
    active: true,
  };
}

function refuse(): never {
  throw new Error('no route asks for this');
}

/** Services that keep a few users per environment in memory. Keys are `key-of-<dev-id>`. */
export function fixtureServices(environments = [testEnvironment('acme-testing-a1')]): FixtureServices {
  const users = new Map(environments.map(({ devId }) => [devId, [testUser(USER_ID, `person of ${devId}`)]]));
  const asked: Asked = { sessions: [], authenticate: [], callbacks: [], reads: [], disconnected: [] };
  const onward: { next: Onward } = { next: { kind: 'redirect', url: 'https://app.example/done' } };
  const of = ({ devId }: Environment): TerraUser[] => users.get(devId) ?? [];
  const byUserId = async (environment: Environment, userId: string): Promise<TerraUser> => {
    const user = of(environment).find((candidate) => candidate.user_id === userId);
    if (!user) throw new Problem('user_not_found');
    return user;
  };
  const requireProvider = (code: string): void => {
    if (code !== 'EXAMPLE') throw new Problem('provider_not_found');
  };
  const services = {
    environments: {
      async authenticate(devId: string, apiKey: string) {
        const environment = environments.find((candidate) => candidate.devId === devId);
        if (!environment || apiKey !== `key-of-${devId}`) throw new Problem('unauthorized');
        return environment;
      },
      byDevId: async (devId: string) => environments.find((candidate) => candidate.devId === devId),
    },
    connect: {
      async createSession(_environment: Environment, input: SessionInput) {
        asked.sessions.push(input);
        input.providers?.forEach(requireProvider);
        return { sessionId: USER_ID, url: `http://localhost/session/${USER_ID}`, expiresIn: 900 };
      },
      async authenticateUser(_environment: Environment, provider: string, input: SessionInput) {
        asked.authenticate.push({ provider, input });
        requireProvider(provider);
        return { userId: USER_ID, authUrl: `http://localhost/auth/start/${USER_ID}` };
      },
      async callback(input: CallbackInput) {
        asked.callbacks.push(input);
        return onward.next;
      },
      start: async () => onward.next,
    },
    disconnect: {
      async byUserId(environment: Environment, userId: string) {
        await byUserId(environment, userId);
        asked.disconnected.push(userId);
      },
    },
    users: {
      byUserId,
      byReference: async (environment: Environment, referenceId: string) =>
        of(environment).filter((user) => user.reference_id === referenceId),
      all: async (environment: Environment, filter: { referenceId?: string }) =>
        of(environment).filter((user) => !filter.referenceId || user.reference_id === filter.referenceId),
      page: async (environment: Environment, { page }: { page: number }) => ({
        next: null,
        maxPage: 0,
        results: page === 0 ? of(environment) : [],
      }),
    },
    integrations: {
      codes: async () => ({ providers: ['EXAMPLE'], sdk: ['PHONE'] }),
      list: async (environment: Environment | undefined) => [
        {
          code: 'EXAMPLE',
          name: 'Example',
          kind: 'oauth',
          enabled: true,
          transport: 'sandbox',
          types: ['sleep'],
          capabilities: [],
        },
        {
          code: 'OFF',
          name: 'Off',
          kind: 'oauth',
          enabled: environment === undefined,
          transport: 'live',
          types: [],
          capabilities: [],
        },
        {
          code: 'PHONE',
          name: 'Phone',
          kind: 'sdk',
          enabled: true,
          transport: 'device',
          types: ['daily'],
          capabilities: [],
        },
      ],
    },
    read: {
      async request(environment: Environment, type: string, query: ReadQuery) {
        asked.reads.push({ type, query });
        return { user: await byUserId(environment, query.userId) };
      },
      async data(environment: Environment, type: string, query: ReadQuery) {
        const user = await byUserId(environment, query.userId);
        asked.reads.push({ type, query });
        if (type === 'menstruation') throw new Problem('data_type_unsupported');
        return { user, data: type === 'athlete' ? [] : [{ metadata: { summary_id: USER_ID } }] };
      },
    },
    operators: { isIn: async () => false, link: refuse, enter: refuse },
  };
  return { services: services as unknown as Services, asked, environments, users, onward };
}
