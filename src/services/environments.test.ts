import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectBench, connectBench, connectPerson } from '../../test/harness/connect-bench.ts';
import { createEnvironmentService } from './environments.ts';

let b: ConnectBench;

beforeAll(async () => {
  b = await connectBench();
});

afterAll(() => b.close());

function service(productionRefused?: string) {
  return createEnvironmentService({ store: b.store, clock: b.clock, productionRefused });
}

describe('create', () => {
  test.each([
    ['Acme Health', undefined, /^acme-health-testing-[A-Za-z0-9]{10}$/, 50],
    ['  Über/App!! ', 'staging', /^u-ber-app-staging-[A-Za-z0-9]{10}$/, 50],
    ['日本', 'production', /^app-prod-[A-Za-z0-9]{10}$/, null],
  ])('%s (%s) gets a dev-id, a key and its limit', async (name, kind, devId, limit) => {
    const made = await service().create({ name, ...(kind && { kind }) });
    expect(made.environment.devId).toMatch(devId);
    expect(made.environment.settings.user_limit).toBe(limit);
    expect(made.apiKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(made.signingSecret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const secrets = await b.store.environments.signingSecrets(made.environment.id, b.clock.now());
    expect(secrets.map(({ secret }) => secret)).toEqual([made.signingSecret]);
  });

  test('takes known values, once', async () => {
    const input = { name: 'Seed', devId: 'testingTerra', apiKey: 'key-1', signingSecret: 'secret-1' };
    const made = await service().create(input);
    expect(made).toMatchObject({ apiKey: 'key-1', signingSecret: 'secret-1', environment: { devId: 'testingTerra' } });
    expect(await service().authenticate('testingTerra', 'key-1')).toMatchObject({ id: made.environment.id });
    await expect(service().create(input)).rejects.toMatchObject({ code: 'conflict' });
  });

  test.each([
    [{ name: ' ' }, 'name'],
    [{ name: 'a', kind: 'live' }, 'kind'],
    [{ name: 'a', devId: 'has blank' }, 'dev_id'],
  ])('refuses %j naming %s', async (input, field) => {
    await expect(service().create(input)).rejects.toMatchObject({ code: 'bad_request', field });
  });

  test('makes no production environment where the server is not fit for one', async () => {
    const refused = service('set SOLUM_MASTER_KEY first').create({ name: 'a', kind: 'production' });
    await expect(refused).rejects.toMatchObject({ field: 'kind', detail: 'set SOLUM_MASTER_KEY first' });
  });
});

describe('authenticate', () => {
  test('needs both headers, and a key of the same environment', async () => {
    const one = await service().create({ name: 'One' });
    const two = await service().create({ name: 'Two' });
    const { authenticate } = service();
    expect(await authenticate(one.environment.devId, one.apiKey)).toEqual(one.environment);
    await expect(authenticate(undefined, one.apiKey)).rejects.toMatchObject({ code: 'headers_missing' });
    await expect(authenticate(one.environment.devId, '')).rejects.toMatchObject({ code: 'headers_missing' });
    await expect(authenticate(one.environment.devId, two.apiKey)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate(one.environment.devId, `${one.apiKey}x`)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate('nope', one.apiKey)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('a further key works beside the first; rotation ends all others', async () => {
    const { environment, apiKey } = await service().create({ name: 'Keys' });
    const further = await service().addKey(environment, 'ci');
    await service().authenticate(environment.devId, apiKey);
    await service().authenticate(environment.devId, further);
    const rotated = await service().rotateKey(environment);
    await service().authenticate(environment.devId, rotated);
    for (const dead of [apiKey, further]) {
      await expect(service().authenticate(environment.devId, dead)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });
});

test('a rotated signing secret signs beside the old one for the overlap', async () => {
  const { environment, signingSecret } = await service().create({ name: 'Secrets' });
  const next = await service().rotateSecret(environment, 2);
  const at = (hours: number) => new Date(b.clock.now().getTime() + hours * 3_600_000);
  const secretsAt = async (hours: number) =>
    (await b.store.environments.signingSecrets(environment.id, at(hours))).map(({ secret }) => secret);
  expect(await secretsAt(1)).toEqual([next, signingSecret]);
  expect(await secretsAt(3)).toEqual([next]);
  await expect(service().rotateSecret(environment, -1)).rejects.toMatchObject({ field: 'overlap_hours' });
});

describe('set', () => {
  test('saves all assignments or none', async () => {
    const { environment } = await service().create({ name: 'Settings' });
    const changed = await service().set(environment, ['user_limit=3', 'include_samples=true']);
    expect(changed.settings).toMatchObject({ user_limit: 3, include_samples: true });
    await expect(service().set(environment, ['user_limit=4', 'nope=1'])).rejects.toMatchObject({ field: 'nope' });
    expect(await b.store.environments.byId(environment.id)).toEqual(changed);
  });

  test('the scope of reauthentication cannot be narrowed over an account with several connections', async () => {
    const environment = await service().set(b.environment, ['reauth_scope=reference_id']);
    b.environment.settings = environment.settings;
    const one = await connectPerson(b, 'ann', { referenceId: 'one' });
    await connectPerson(b, 'ann', { referenceId: 'two' });
    const narrow = () => service().set(environment, ['reauth_scope=environment']);
    await expect(narrow()).rejects.toMatchObject({ code: 'conflict', field: 'reauth_scope' });
    await b.disconnect.byUserId(environment, one);
    expect((await narrow()).settings.reauth_scope).toBe('environment');
  });
});
