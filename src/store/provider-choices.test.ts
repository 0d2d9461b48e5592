import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('provider choices', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  test('a provider nobody chose about is enabled, with default scopes and no credentials', async () => {
    const { id } = await seedEnvironment(on);
    const untouched = { provider: 'ACME', enabled: true, scopes: undefined, hasCredentials: false };
    expect(await on.store.providerChoices.get(id, 'ACME')).toEqual(untouched);
    expect(await on.store.providerChoices.list(id)).toEqual([]);
    expect(await on.store.providerChoices.credentials(id, 'ACME')).toBeUndefined();
  });

  test('each choice is kept without touching the others', async () => {
    const { id } = await seedEnvironment(on);
    const { providerChoices } = on.store;
    await providerChoices.setScopes(id, 'ACME', ['sleep']);
    await providerChoices.setEnabled(id, 'ACME', false);
    await providerChoices.setCredentials(id, 'ACME', { client_id: 'c', client_secret: 's3cret' });
    const chosen = { provider: 'ACME', enabled: false, scopes: ['sleep'], hasCredentials: true };
    expect(await providerChoices.get(id, 'ACME')).toEqual(chosen);
    expect(await providerChoices.list(id)).toEqual([chosen]);
    expect(await providerChoices.credentials(id, 'ACME')).toEqual({ client_id: 'c', client_secret: 's3cret' });
    await providerChoices.setCredentials(id, 'ACME', undefined);
    await providerChoices.setScopes(id, 'ACME', undefined);
    expect(await providerChoices.get(id, 'ACME')).toEqual({ ...chosen, scopes: undefined, hasCredentials: false });
  });

  test('credentials belong to one environment and one provider', async () => {
    const [mine, other] = [await seedEnvironment(on), await seedEnvironment(on)];
    await on.store.providerChoices.setCredentials(mine.id, 'ACME', { client_id: 'c' });
    expect(await on.store.providerChoices.credentials(other.id, 'ACME')).toBeUndefined();
    expect(await on.store.providerChoices.credentials(mine.id, 'BETA')).toBeUndefined();
    expect(await on.store.providerChoices.list(other.id)).toEqual([]);
  });

  test('credentials copied to another provider do not open', async () => {
    const { id } = await seedEnvironment(on);
    await on.store.providerChoices.setCredentials(id, 'ACME', { client_id: 'c' });
    await on.store.providerChoices.setEnabled(id, 'BETA', true);
    await on.pool.query(
      `update provider_choices b set credentials = a.credentials from provider_choices a
       where a.environment_id = $1 and b.environment_id = $1 and a.provider = 'ACME' and b.provider = 'BETA'`,
      [id],
    );
    await expect(on.store.providerChoices.credentials(id, 'BETA')).rejects.toThrow();
  });

  test('callers at once get one and the same sandbox client', async () => {
    const { id } = await seedEnvironment(on);
    const make = () => ({ client_id: randomUUID(), client_secret: randomUUID() });
    const got = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => on.store.providerChoices.sandboxCredentials(id, 'ACME', make)),
    );
    expect(new Set(got.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await on.store.providerChoices.sandboxCredentials(id, 'ACME', make)).toEqual(got[0]);
    const found = await on.store.providerChoices.sandboxClient('ACME', got[0]?.client_id ?? '');
    expect(found).toEqual({ environmentId: id, credentials: got[0] });
    expect(await on.store.providerChoices.sandboxClient('BETA', got[0]?.client_id ?? '')).toBeUndefined();
  });

  test('callers at once get one and the same hook token, also beside other choices', async () => {
    const { id } = await seedEnvironment(on);
    await on.store.providerChoices.setEnabled(id, 'ACME', false);
    const make = () => `token-${randomUUID()}`;
    const got = await Promise.all([1, 2, 3, 4, 5, 6].map(() => on.store.providerChoices.hookToken(id, 'ACME', make)));
    expect(new Set(got).size).toBe(1);
    const [token = ''] = got;
    expect(await on.store.providerChoices.byHookToken('ACME', token)).toBe(id);
    expect(await on.store.providerChoices.byHookToken('BETA', token)).toBeUndefined();
    expect(await on.store.providerChoices.byHookToken('ACME', 'token-guess')).toBeUndefined();
    expect((await on.store.providerChoices.get(id, 'ACME')).enabled).toBe(false);
    const { rows } = await on.pool.query('select hook_token from provider_choices where environment_id = $1', [id]);
    expect(rows[0].hook_token.includes(token)).toBe(false);
  });
});
