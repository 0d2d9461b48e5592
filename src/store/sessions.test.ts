import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import type { WidgetSession } from '../core/flow.ts';

onEachServer('widget sessions', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  async function newSession(more: Partial<WidgetSession> = {}): Promise<WidgetSession> {
    return {
      environmentId: (await seedEnvironment(on)).id,
      id: randomUUID(),
      referenceId: 'runner-7',
      language: 'de',
      successUrl: 'https://app.example.org/ok',
      failureUrl: 'https://app.example.org/no',
      providers: ['BETA', 'ACME'],
      disallowedProviders: ['GAMMA'],
      showDisconnect: true,
      createdAt: on.clock.now(),
      expiresAt: new Date(on.clock.now().getTime() + 900_000),
      completed: undefined,
      ...more,
    };
  }

  test('a session comes back as it was made', async () => {
    const full = await newSession();
    await on.store.sessions.create(full);
    expect(await on.store.sessions.byId(full.id)).toEqual(full);
    const bare = await newSession({
      referenceId: undefined,
      language: undefined,
      successUrl: undefined,
      failureUrl: undefined,
      providers: undefined,
      disallowedProviders: [],
      showDisconnect: false,
    });
    await on.store.sessions.create(bare);
    expect(await on.store.sessions.byId(bare.id)).toEqual(bare);
  });

  test('a completed session says what came out of it', async () => {
    const session = await newSession();
    await on.store.sessions.create(session);
    const userId = randomUUID();
    await on.store.sessions.complete(session.id, userId, 'ACME');
    expect((await on.store.sessions.byId(session.id))?.completed).toEqual({ userId, provider: 'ACME' });
    await on.store.sessions.complete(session.id, undefined, 'BETA');
    expect((await on.store.sessions.byId(session.id))?.completed).toEqual({ userId: undefined, provider: 'BETA' });
  });

  test('an id that nobody has, or that is none, leads to nothing', async () => {
    expect(await on.store.sessions.byId(randomUUID())).toBeUndefined();
    expect(await on.store.sessions.byId('../etc/passwd')).toBeUndefined();
  });

  test('a text that the database cannot hold is the fault of the request', async () => {
    const session = await newSession({ referenceId: 'a\u0000b' });
    await expect(on.store.sessions.create(session)).rejects.toMatchObject({ code: 'bad_request' });
  });
});
