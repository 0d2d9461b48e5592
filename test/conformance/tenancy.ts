import type { FastifyInstance } from 'fastify';
import { testApp } from '../../src/api/server.fixture.ts';
import { fixtureServices, testEnvironment } from '../../src/api/services.fixture.ts';

/** An environment with something in it, and what of it no other may see. */
export interface Tenant {
  key: Record<string, string>;
  planted: { user_id: string; reference_id: string } & Record<string, string>;
}

export interface Tenancy {
  app: FastifyInstance;
  ours: Tenant;
  theirs: Tenant;
  close(): Promise<void>;
}

export async function startTenancy(): Promise<Tenancy> {
  const fixture = fixtureServices([testEnvironment('ours-testing-a1'), testEnvironment('theirs-testing-b2')]);
  const { app } = testApp({}, fixture);
  const tenant = (devId: string, userId: string): Tenant => {
    const user = fixture.users.get(devId)![0]!;
    user.user_id = userId;
    return {
      key: { 'dev-id': devId, 'x-api-key': `key-of-${devId}` },
      planted: { user_id: userId, reference_id: user.reference_id ?? '' },
    };
  };
  return {
    app,
    ours: tenant('ours-testing-a1', 'aaaaaaaa-0000-4000-8000-000000000001'),
    theirs: tenant('theirs-testing-b2', 'bbbbbbbb-0000-4000-8000-000000000002'),
    close: () => app.close(),
  };
}
