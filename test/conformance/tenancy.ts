import type { FastifyInstance } from 'fastify';
import { startTestServer, type TestServer } from '../harness/solum.ts';

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

/** The same simulated person is connected to both, so that nothing but the environment keeps them apart. */
async function plant(server: TestServer, name: string, referenceId: string): Promise<Tenant> {
  const tenant = await server.tenant(name);
  const { key } = tenant;
  const userId = await server.connect(tenant, 'OURA', referenceId);
  const session = await server.http.inject({
    method: 'POST',
    url: '/v2/auth/generateWidgetSession',
    headers: key,
    payload: { reference_id: referenceId },
  });
  const link = await server.http.inject({
    method: 'POST',
    url: '/v2/auth/authenticateUser?resource=OURA',
    headers: key,
    payload: { reference_id: referenceId },
  });
  return {
    key,
    planted: {
      user_id: userId,
      reference_id: referenceId,
      session_id: session.json().session_id,
      promised_user_id: link.json().user_id,
      api_key: tenant.apiKey,
      signing_secret: tenant.signingSecret,
      internal_id: tenant.environment.id,
    },
  };
}

export async function startTenancy(): Promise<Tenancy> {
  const server = await startTestServer();
  return {
    app: server.http,
    ours: await plant(server, 'Ours', 'a person we call 5af3c1'),
    theirs: await plant(server, 'Theirs', 'a person they call b07e92'),
    close: () => server.close(),
  };
}
