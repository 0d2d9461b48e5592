import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';
import { sha256 } from '../lib/hash.ts';

onEachServer('environments', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  test('an environment is found by its dev-id and by its id', async () => {
    const made = await seedEnvironment(on);
    expect(await on.store.environments.byDevId(made.devId)).toEqual(made);
    expect(await on.store.environments.byId(made.id)).toEqual(made);
    expect(await on.store.environments.list()).toContainEqual(made);
    expect(await on.store.environments.byDevId('nobody')).toBeUndefined();
    expect(await on.store.environments.byId('not-a-uuid')).toBeUndefined();
  });

  test('a second environment with the same dev-id is a conflict, also when both are made at once', async () => {
    const { devId, settings } = await seedEnvironment(on);
    const again = { devId, name: 'Twin', kind: 'testing' as const, settings, signingSecret: 's', now: on.clock.now() };
    await expect(on.store.environments.create(again)).rejects.toMatchObject({ code: 'conflict' });
    const fresh = { ...again, devId: `app-${randomUUID()}` };
    const results = await Promise.allSettled([1, 2, 3].map(() => on.store.environments.create(fresh)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test('settings are kept as they were saved', async () => {
    const { id, settings } = await seedEnvironment(on);
    await on.store.environments.saveSettings(id, { ...settings, user_limit: 3, redirect_allow_list: ['https://a'] });
    const found = await on.store.environments.byId(id);
    expect(found?.settings).toEqual({ ...settings, user_limit: 3, redirect_allow_list: ['https://a'] });
  });

  test('a live API key leads to its environment, a revoked one to none', async () => {
    const environment = await seedEnvironment(on);
    const [first, second] = [sha256(randomUUID()), sha256(randomUUID())];
    await on.store.environments.addApiKey(environment.id, first, 'old', on.clock.now());
    const kept = await on.store.environments.addApiKey(environment.id, second, 'new', on.clock.now());
    expect(await on.store.environments.byApiKey(first)).toEqual(environment);
    expect(await on.store.environments.revokeApiKeys(environment.id, kept.id, on.clock.now())).toBe(1);
    expect(await on.store.environments.byApiKey(first)).toBeUndefined();
    expect(await on.store.environments.byApiKey(second)).toEqual(environment);
    expect(await on.store.environments.byApiKey(sha256('unknown'))).toBeUndefined();
    const rows = await on.store.environments.apiKeys(environment.id);
    expect(rows.map((row) => [row.label, row.revokedAt])).toEqual([
      ['old', on.clock.now()],
      ['new', undefined],
    ]);
    expect(await on.store.environments.revokeApiKeys(environment.id, undefined, on.clock.now())).toBe(1);
  });

  test('revoking keys leaves those of other environments alone', async () => {
    const [mine, other] = [await seedEnvironment(on), await seedEnvironment(on)];
    const hash = sha256(randomUUID());
    await on.store.environments.addApiKey(other.id, hash, 'key', on.clock.now());
    expect(await on.store.environments.revokeApiKeys(mine.id, undefined, on.clock.now())).toBe(0);
    expect(await on.store.environments.byApiKey(hash)).toEqual(other);
    expect(await on.store.environments.apiKeys(mine.id)).toEqual([]);
  });

  test('one key cannot belong to two environments', async () => {
    const [one, two] = [await seedEnvironment(on), await seedEnvironment(on)];
    const hash = sha256(randomUUID());
    await on.store.environments.addApiKey(one.id, hash, 'key', on.clock.now());
    const again = on.store.environments.addApiKey(two.id, hash, 'key', on.clock.now());
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });

  test('after a rotation both secrets sign until the overlap ends, the new one first', async () => {
    const { id } = await seedEnvironment(on);
    const overlapUntil = new Date(on.clock.now().getTime() + 60_000);
    await on.store.environments.addSigningSecret(id, 'second-signing-secret', on.clock.now(), overlapUntil);
    const during = await on.store.environments.signingSecrets(id, on.clock.now());
    expect(during.map(({ secret, expiresAt }) => [secret, expiresAt])).toEqual([
      ['second-signing-secret', undefined],
      ['first-signing-secret', overlapUntil],
    ]);
    const after = await on.store.environments.signingSecrets(id, overlapUntil);
    expect(after.map(({ secret }) => secret)).toEqual(['second-signing-secret']);
  });

  test('a later rotation never prolongs an overlap', async () => {
    const { id } = await seedEnvironment(on);
    const at = (ms: number) => new Date(on.clock.now().getTime() + ms);
    await on.store.environments.addSigningSecret(id, 'second', at(1), at(100));
    await on.store.environments.addSigningSecret(id, 'third', at(2), at(500));
    const secrets = async (ms: number) =>
      (await on.store.environments.signingSecrets(id, at(ms))).map(({ secret }) => secret);
    expect(await secrets(50)).toEqual(['third', 'second', 'first-signing-secret']);
    expect(await secrets(200)).toEqual(['third', 'second']);
  });

  test('rotations at once leave one current secret', async () => {
    const { id } = await seedEnvironment(on);
    const overlapUntil = new Date(on.clock.now().getTime() + 60_000);
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((secret) =>
        on.store.environments.addSigningSecret(id, secret, on.clock.now(), overlapUntil),
      ),
    );
    const secrets = await on.store.environments.signingSecrets(id, on.clock.now());
    expect(secrets.filter(({ expiresAt }) => expiresAt === undefined)).toHaveLength(1);
    expect(secrets).toHaveLength(5);
    expect(secrets[0]?.expiresAt).toBeUndefined();
  });

  test('derived keys differ by purpose and environment and stay the same', async () => {
    const [one, two] = [await seedEnvironment(on), await seedEnvironment(on)];
    const state = await on.store.environments.deriveKey(one.id, 'state');
    expect(state).toHaveLength(32);
    expect(await on.store.environments.deriveKey(one.id, 'state')).toEqual(state);
    expect(await on.store.environments.deriveKey(one.id, 'csrf')).not.toEqual(state);
    expect(await on.store.environments.deriveKey(two.id, 'state')).not.toEqual(state);
    await expect(on.store.environments.deriveKey(randomUUID(), 'state')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('no secret stands in the database as text', async () => {
    const { id } = await seedEnvironment(on);
    const { rows } = await on.pool.query('select sealed from signing_secrets where environment_id = $1', [id]);
    expect(rows[0].sealed.includes('first-signing-secret')).toBe(false);
  });
});
