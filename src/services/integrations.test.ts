import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectBench, connectBench, registryOf } from '../../test/harness/connect-bench.ts';
import { testProvider } from '../../test/harness/oauth-provider.ts';
import { createIntegrationService } from './integrations.ts';

const phone = {
  ...testProvider,
  id: 'PHONE',
  aliases: [],
  capabilities: ['sdk' as const],
  auth: { kind: 'sdk' as const },
};
const files = { ...testProvider, id: 'FILES', aliases: [], auth: { kind: 'none' as const } };

let b: ConnectBench;

beforeAll(async () => {
  b = await connectBench({ providers: [testProvider, phone, files] });
});

afterAll(() => b.close());

function service(options: { sandbox?: boolean; simulated?: boolean } = {}) {
  const providers = registryOf([testProvider, phone, files], options.simulated ?? true);
  return createIntegrationService({ store: b.store, providers, sandbox: options.sandbox ?? true });
}

async function transportOf(made: ReturnType<typeof service>, environment = b.environment) {
  return (await made.list(environment)).find((row) => row.code === 'ACME')?.transport;
}

test('codes are those that are enabled; without an environment all', async () => {
  await service().setEnabled(b.environment, 'acmering', false);
  expect(await service().codes(b.environment)).toEqual({ providers: [], sdk: ['PHONE'] });
  expect(await service().codes(undefined)).toEqual({ providers: ['ACME'], sdk: ['PHONE'] });
  await service().setEnabled(b.environment, 'ACME', true);
  expect(await service().codes(b.environment)).toEqual({ providers: ['ACME'], sdk: ['PHONE'] });
});

test('the list says which account a new connection would get', async () => {
  expect(await service().list(b.environment)).toMatchObject([
    { code: 'ACME', kind: 'oauth', enabled: true, transport: 'sandbox' },
    { code: 'FILES', kind: 'none', transport: 'device' },
    { code: 'PHONE', kind: 'sdk', transport: 'device', capabilities: ['sdk'] },
  ]);
  expect(await transportOf(service({ sandbox: false }))).toBe('unavailable');
  expect(await transportOf(service({ simulated: false }))).toBe('unavailable');
  expect(await transportOf(service(), { ...b.environment, kind: 'production' })).toBe('unavailable');
});

test('credentials are checked by the manifest’s fields and can be changed one by one', async () => {
  const { setCredentials } = service();
  const stored = () => b.store.providerChoices.credentials(b.environment.id, 'ACME');
  await expect(setCredentials(b.environment, 'ACME', { client_id: 'a' })).rejects.toMatchObject({
    code: 'bad_request',
    field: 'client_secret',
  });
  await expect(
    setCredentials(b.environment, 'ACME', { client_id: 'a', client_secret: 'b', other: 'c' }),
  ).rejects.toMatchObject({ field: 'other' });
  expect(await stored()).toBeUndefined();
  await setCredentials(b.environment, 'acme', { client_id: 'a', client_secret: 'b' });
  await setCredentials(b.environment, 'acme', { client_secret: 'c' });
  expect(await stored()).toEqual({ client_id: 'a', client_secret: 'c' });
  expect(await transportOf(service())).toBe('live');
  await expect(setCredentials(b.environment, 'nope', {})).rejects.toMatchObject({ code: 'provider_not_found' });
});

test('scopes are kept as they were chosen, without repeats', async () => {
  await service().setScopes(b.environment, 'ACME', ['daily', ' sleep', 'daily', 'new:scope.v2']);
  const choice = await b.store.providerChoices.get(b.environment.id, 'ACME');
  expect(choice.scopes).toEqual(['daily', 'sleep', 'new:scope.v2']);
  await expect(service().setScopes(b.environment, 'ACME', ['two words'])).rejects.toMatchObject({ field: 'scopes' });
  await service().setScopes(b.environment, 'ACME', undefined);
  expect((await b.store.providerChoices.get(b.environment.id, 'ACME')).scopes).toBeUndefined();
});

test('a provider is described in words', async () => {
  const shown = await service().show('acme');
  expect(shown).toMatchObject({
    code: 'ACME',
    kind: 'oauth',
    credentials: [
      { name: 'client_id', secret: false },
      { name: 'client_secret', secret: true, required: true },
    ],
    scopes: [{ name: 'daily', required: true }, { name: 'sleep' }, { name: 'extra' }],
  });
  await expect(service().show('nope')).rejects.toMatchObject({ code: 'provider_not_found' });
});
