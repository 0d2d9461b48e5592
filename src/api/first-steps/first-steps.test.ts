import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStage, environment, OPERATOR, type Stage } from '../widget/services.fixture.ts';
import { registerFirstSteps } from './register.ts';

const USER = '3f2b8a10-6c1d-4b1e-9d7a-1c2d3e4f5a6b';
const EVENT = '01930000-0000-7000-8000-000000000001';
const cookie = `solum_operator=${OPERATOR}`;

let stage: Stage;
let app: FastifyInstance;
let assetsDir: string;
let asked: (string | undefined)[];

function serve(publicUrl: string): FastifyInstance {
  const server = Fastify();
  registerFirstSteps(server, {
    services: stage.services,
    environment: async (chosen) => {
      asked.push(chosen);
      return environment;
    },
    publicUrl,
    assetsDir,
  });
  return server;
}

beforeEach(() => {
  assetsDir = mkdtempSync(join(tmpdir(), 'solum-pages-'));
  mkdirSync(join(assetsDir, 'assets'));
  writeFileSync(join(assetsDir, 'index.html'), '<!doctype html><title>First steps</title>');
  writeFileSync(join(assetsDir, 'assets', 'index-abc.js'), 'export {};');
  stage = createStage();
  asked = [];
  app = serve('http://localhost:3000');
});
afterEach(async () => {
  await app.close();
  rmSync(assetsDir, { recursive: true });
});

async function enter(link: string) {
  return app.inject({
    method: 'POST',
    url: '/enter',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `link=${link}`,
  });
}

/** A call as the page makes it. */
async function call(method: 'GET' | 'POST' | 'DELETE', path: string, more: Partial<InjectOptions> = {}) {
  return app.inject({
    method,
    url: `/first-steps/api${path}`,
    ...more,
    headers: { cookie, 'x-solum-csrf': '1', ...more.headers },
  });
}

describe('the page', () => {
  test('needs a session and says how to get one', async () => {
    const answer = await app.inject('/');
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toContain('npx solum link');
    expect((await app.inject({ url: '/', headers: { cookie: 'solum_operator=x' } })).statusCode).toBe(401);
  });

  test('is served under a policy without inline script or style', async () => {
    const answer = await app.inject({ url: '/', headers: { cookie } });
    expect(answer.body).toContain('<title>First steps</title>');
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('its files may be kept for ever, because their names change with them', async () => {
    const answer = await app.inject('/first-steps/assets/index-abc.js');
    expect(answer.body).toBe('export {};');
    expect(answer.headers['cache-control']).toContain('immutable');
    expect((await app.inject('/first-steps/assets/..%2findex.html')).statusCode).not.toBe(200);
  });

  test('says so when it was not built', async () => {
    rmSync(join(assetsDir, 'index.html'));
    const answer = await app.inject({ url: '/', headers: { cookie } });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run build');
  });
});

describe('the one-time link', () => {
  test.each(['/?link=one-time-link', '/enter/one-time-link'])('is not used up by opening %s', async (url) => {
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('value="one-time-link"');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(stage.links.has('one-time-link')).toBe(true);
  });

  test('signs in once, by its button', async () => {
    const answer = await enter('one-time-link');
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/']);
    expect(answer.headers['set-cookie']).toBe(`${cookie}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict`);
    const again = await enter('one-time-link');
    expect(again.statusCode).toBe(401);
    expect(again.body).toContain('This link no longer works');
  });

  test('its cookie is for https only where the server is', async () => {
    await app.close();
    app = serve('https://solum.example');
    expect((await enter('one-time-link')).headers['set-cookie']).toMatch(/; Secure$/);
  });

  test('stays unused in a browser that is signed in', async () => {
    const answer = await app.inject({ url: '/?link=one-time-link', headers: { cookie } });
    expect(answer.headers.location).toBe('/');
    expect(stage.links.has('one-time-link')).toBe(true);
  });
});

const ROUTES = [
  ['GET', '/environment'],
  ['POST', '/api-keys'],
  ['POST', '/connect'],
  ['GET', '/users'],
  ['DELETE', `/users/${USER}`],
  ['GET', '/events'],
  ['GET', `/events/${EVENT}/body`],
  ['POST', `/events/${EVENT}/resend`],
  ['GET', '/destinations'],
  ['POST', '/destinations'],
  ['DELETE', `/destinations/${USER}`],
] as const;

describe('who may call', () => {
  test.each(ROUTES)('%s %s needs the session', async (method, path) => {
    const answer = await call(method, path, { headers: { cookie: '' } });
    expect(answer.statusCode).toBe(401);
    expect(answer.json().error.code).toBe('session_required');
  });

  test.each(ROUTES)('%s %s is closed to other sites', async (method, path) => {
    const answer = await call(method, path, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(answer.json().error.code).toBe('csrf');
  });

  test.each(ROUTES.filter(([method]) => method !== 'GET'))(
    '%s %s needs our header and origin',
    async (method, path) => {
      const bare = await app.inject({ method, url: `/first-steps/api${path}`, headers: { cookie } });
      expect(bare.json().error.code).toBe('csrf');
      const foreign = await call(method, path, { headers: { origin: 'https://evil.example', host: 'localhost:3000' } });
      expect(foreign.json().error.code).toBe('csrf');
    },
  );
});

describe('the calls', () => {
  test('environment: the chosen one, with the address of the API', async () => {
    const answer = await call('GET', '/environment?env=other');
    expect(answer.json()).toEqual({
      dev_id: environment.devId,
      name: 'My health app',
      kind: 'testing',
      base_url: 'http://localhost:3000/v2',
    });
    expect(asked).toEqual(['other']);
  });

  test('api key: shown in the answer', async () => {
    expect((await call('POST', '/api-keys', { payload: {} })).json()).toEqual({ api_key: 'sk_test_9dQ2mV7xK4pT1sR8' });
  });

  test('connect: a widget session that can disconnect, for test-user unless named', async () => {
    const inputs: unknown[] = [];
    stage.services.connect.createSession = async (_environment, input) => {
      inputs.push(input);
      return { sessionId: 'x', url: 'http://localhost:3000/session/x', expiresIn: 900 };
    };
    const answer = await call('POST', '/connect', { payload: {} });
    expect(answer.json()).toEqual({ url: 'http://localhost:3000/session/x', expires_in: 900 });
    await call('POST', '/connect', { payload: { reference_id: ' me ' } });
    expect(inputs).toEqual([
      { referenceId: 'test-user', showDisconnect: true },
      { referenceId: 'me', showDisconnect: true },
    ]);
    const wrong = await call('POST', '/connect', { payload: { reference_id: 7 } });
    expect(wrong.json().error).toEqual({ code: 'bad_request', detail: 'invalid reference_id', field: 'reference_id' });
  });

  test('users: listed and disconnected', async () => {
    stage.users.push({
      user_id: USER,
      provider: 'ALFA',
      created_at: null,
      last_webhook_update: null,
      scopes: 'a',
      reference_id: 'me',
      active: true,
    });
    expect((await call('GET', '/users')).json().users).toEqual([
      {
        user_id: USER,
        provider: 'ALFA',
        reference_id: 'me',
        active: true,
        created_at: null,
        last_webhook_update: null,
      },
    ]);
    expect((await call('DELETE', `/users/${USER}`)).statusCode).toBe(204);
    expect((await call('DELETE', `/users/${USER}`)).json().error.code).toBe('user_not_found');
    expect((await call('DELETE', '/users/1')).statusCode).toBe(404);
  });

  test('events: newest first, after a known one, with their body as it is kept', async () => {
    const at = new Date('2026-11-21T03:00:00Z');
    const event = (n: number) => ({
      environmentId: environment.id,
      id: `01930000-0000-7000-8000-00000000000${n}`,
      type: 'auth' as const,
      isData: false,
      connectionId: undefined,
      reference: 'r',
      createdAt: at,
      orderingTimestamp: undefined,
      bytes: 15,
      deliveries: [],
    });
    stage.events.push(event(1), event(2), event(3));
    stage.bodies.set(EVENT, '{"type": "auth"}');
    const ids = (answer: { json(): { events: { id: string }[] } }) => answer.json().events.map((one) => one.id.at(-1));
    expect(ids(await call('GET', '/events'))).toEqual(['3', '2', '1']);
    expect(ids(await call('GET', `/events?after=${EVENT}`))).toEqual(['3', '2']);
    expect((await call('GET', '/events?after=1')).json().error.field).toBe('after');
    const body = await call('GET', `/events/${EVENT}/body`);
    expect([body.headers['content-type'], body.body]).toEqual(['application/json; charset=utf-8', '{"type": "auth"}']);
    expect((await call('POST', `/events/${EVENT}/resend`, { payload: {} })).json()).toEqual({ deliveries: 0 });
  });

  test('destinations: added with the secret in the answer, listed without it, removed', async () => {
    const added = await call('POST', '/destinations', { payload: { url: 'https://app.example/hook' } });
    expect(added.json()).toMatchObject({ signing_secret: 'whsec_5c1f0a6b2d9e4a7f' });
    const { destinations } = (await call('GET', '/destinations')).json();
    expect(destinations).toEqual([
      { id: added.json().destination.id, type: 'webhook', url: 'https://app.example/hook', active: true },
    ]);
    expect((await call('DELETE', `/destinations/${destinations[0].id}`)).statusCode).toBe(204);
    expect((await call('POST', '/destinations', { payload: {} })).json().error.field).toBe('url');
  });

  test('an error on our side tells nothing about itself', async () => {
    stage.services.users.all = async () => {
      throw new Error('password=hunter2');
    };
    const answer = await call('GET', '/users');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('hunter2');
  });
});
