import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DeliveryRig, deliveryRig, SIGNING_SECRET } from '../../test/harness/delivery-rig.ts';
import { answering, type Receiver, startReceiver } from '../../test/harness/receiver.ts';
import type { Sender } from '../core/destination.ts';
import { loadDestinations, registry } from '../destinations/load.ts';
import { createGuard } from '../outbound/guard.ts';
import { createDestinationService } from './destinations.ts';
import { MASK } from './fields.ts';
import type { DestinationService } from './services.ts';

let rig: DeliveryRig;
let receiver: Receiver;
let service: DestinationService;
beforeAll(async () => {
  rig = await deliveryRig();
});
afterAll(() => rig.close());
beforeEach(async () => {
  receiver = await startReceiver();
  const pigeon = {
    type: 'pigeon',
    name: 'Pigeon',
    fields: [
      { name: 'loft', label: 'Loft' },
      { name: 'whistle', label: 'Whistle', kind: 'secret' as const },
    ],
    open: (): Sender => ({ send: async () => [], close: async () => {} }),
  };
  const { store, clock, log, http } = rig;
  service = createDestinationService({
    store,
    clock,
    log,
    http,
    guard: createGuard({ allowAddresses: [], allowLoopback: true }),
    destinations: registry([...(await loadDestinations()).all(), pigeon]),
  });
});
afterEach(async () => {
  for (const row of await service.list(rig.environment)) await service.remove(rig.environment, row.id);
  await receiver.close();
});

describe('adding', () => {
  test('answers a secret of its own once and keeps defaults', async () => {
    const { destination, signingSecret } = await service.add(rig.environment, 'webhook', { url: receiver.url });
    expect(signingSecret?.length).toBeGreaterThanOrEqual(32);
    expect(destination).toMatchObject({
      type: 'webhook',
      display: { url: receiver.url },
      active: true,
      ordered: false,
      ownSecret: true,
      timeoutMs: 8_000,
      maxAttempts: 11,
      eventTypes: undefined,
    });
    const listed = (await service.list(rig.environment)).find((row) => row.id === destination.id);
    expect(listed).toEqual(destination);
    expect(JSON.stringify(listed)).not.toContain(signingSecret);
  });

  test('may sign with the secret of the environment', async () => {
    const options = { useEnvironmentSecret: true };
    const { destination, signingSecret } = await service.add(
      rig.environment,
      'webhook',
      { url: receiver.url },
      options,
    );
    expect(signingSecret).toBeUndefined();
    await service.test(rig.environment, destination.id);
    const { signBody } = await import('../lib/signature.ts');
    const [webhook] = receiver.received;
    const at = Math.floor(rig.clock.now().getTime() / 1000);
    expect(webhook?.headers['terra-signature']).toBe(signBody(Buffer.from(webhook?.text ?? ''), [SIGNING_SECRET], at));
  });

  test('takes delivery options, also as the texts of a command line', async () => {
    const { destination } = await service.add(rig.environment, 'webhook', {
      url: receiver.url,
      timeout: '12.5',
      concurrency: 4,
      max_attempts: '3',
      event_types: 'sleep, auth',
      ordered: 'true',
    });
    expect(destination).toMatchObject({
      timeoutMs: 12_500,
      concurrency: 4,
      maxAttempts: 3,
      eventTypes: ['sleep', 'auth'],
      ordered: true,
    });
  });

  test.each([
    ['url', {}],
    ['url', { url: 'nowhere' }],
    ['url', { url: 'ftp://example.org/' }],
    ['url', { url: 'https://user:pw@example.org/' }],
    ['url', { url: 'http://10.0.0.1/' }],
    ['url', { url: 'http://169.254.169.254/latest' }],
    ['url', { url: 'http://[fd00::1]/' }],
    ['url', { url: 'http://0x0a000001/' }],
    ['url', { url: 'http://[::ffff:10.0.0.1]/' }],
    ['timeout', { url: 'https://example.org/', timeout: 0 }],
    ['timeout', { url: 'https://example.org/', timeout: 31 }],
    ['concurrency', { url: 'https://example.org/', concurrency: 65 }],
    ['concurrency', { url: 'https://example.org/', concurrency: 1.5 }],
    ['max_attempts', { url: 'https://example.org/', max_attempts: 0 }],
    ['event_types', { url: 'https://example.org/', event_types: ['sleeping'] }],
    ['event_types', { url: 'https://example.org/', event_types: 7 }],
    ['colour', { url: 'https://example.org/', colour: 'red' }],
  ])('names the field that cannot be used: %s of %j', async (field, config) => {
    const before = (await service.list(rig.environment)).length;
    await expect(service.add(rig.environment, 'webhook', config)).rejects.toMatchObject({ code: 'bad_request', field });
    expect(await service.list(rig.environment)).toHaveLength(before);
  });

  test('refuses loopback by number and name where it is not allowed', async () => {
    const { store, clock, log, http } = rig;
    const guard = createGuard({ allowAddresses: [], allowLoopback: false });
    const strict = createDestinationService({ store, clock, log, http, guard, destinations: await loadDestinations() });
    for (const host of ['127.0.0.1', 'localhost', 'api.localhost', 'localhost.', '[::1]', '2130706433']) {
      const added = strict.add(rig.environment, 'webhook', { url: `http://${host}:3000/` });
      await expect(added).rejects.toMatchObject({ code: 'bad_request', field: 'url' });
    }
  });

  test('of an unknown type names the known ones', async () => {
    const added = service.add(rig.environment, 'telegraph', {});
    await expect(added).rejects.toMatchObject({ code: 'bad_request', field: 'type' });
    await expect(added).rejects.toThrow('pigeon, webhook');
  });

  test('masks secrets wherever the destination is shown', async () => {
    const config = { loft: 'roof', whistle: 'three-short-one-long' };
    const { destination } = await service.add(rig.environment, 'pigeon', config);
    expect(destination.display).toEqual({ loft: 'roof', whistle: MASK });
    expect(JSON.stringify(await service.list(rig.environment))).not.toContain('three-short');
    expect(await rig.store.destinations.config(rig.environment.id, destination.id)).toEqual(config);
  });
});

describe('changing', () => {
  test('takes any part and keeps the rest, secrets included', async () => {
    const config = { loft: 'roof', whistle: 'three-short-one-long' };
    const { destination } = await service.add(rig.environment, 'pigeon', { ...config, timeout: 3 });
    const changed = await service.update(rig.environment, destination.id, { loft: 'barn', event_types: ['daily'] });
    expect(changed).toMatchObject({
      display: { loft: 'barn', whistle: MASK },
      eventTypes: ['daily'],
      timeoutMs: 3_000,
      active: true,
    });
    expect(await rig.store.destinations.config(rig.environment.id, destination.id)).toEqual({
      ...config,
      loft: 'barn',
    });
    expect((await service.update(rig.environment, destination.id, { event_types: null })).eventTypes).toBeUndefined();
  });

  test('names the field that cannot be used', async () => {
    const { destination } = await service.add(rig.environment, 'webhook', { url: receiver.url });
    for (const [field, value] of Object.entries({
      url: 'http://10.0.0.1/',
      active: 'perhaps',
      ordered: true,
      timeout: 99,
    })) {
      const changed = service.update(rig.environment, destination.id, { [field]: value });
      await expect(changed).rejects.toMatchObject({ code: 'bad_request', field });
    }
  });

  test('sends what waited while it was off', async () => {
    const { destination } = await service.add(rig.environment, 'webhook', { url: receiver.url });
    await rig.announce({ type: 'auth' });
    await service.update(rig.environment, destination.id, { active: false });
    await rig.serve();
    expect(receiver.received).toEqual([]);
    await service.update(rig.environment, destination.id, { active: true });
    rig.clock.advance(2_000);
    await rig.serve();
    expect(receiver.received.map((webhook) => webhook.json.type)).toEqual(['auth']);
  });

  test.each(['00000000-0000-4000-8000-000000000000', 'no-id'])('of an unknown one is not found: %s', async (id) => {
    const unknown = { code: 'not_found' };
    await expect(service.update(rig.environment, id, { active: true })).rejects.toMatchObject(unknown);
    await expect(service.remove(rig.environment, id)).rejects.toMatchObject(unknown);
    await expect(service.test(rig.environment, id)).rejects.toMatchObject(unknown);
  });
});

test('a removed destination is gone and gets nothing', async () => {
  const { destination } = await service.add(rig.environment, 'webhook', { url: receiver.url });
  await rig.announce({ type: 'auth' });
  await service.remove(rig.environment, destination.id);
  await rig.serve();
  expect(receiver.received).toEqual([]);
  expect((await service.list(rig.environment)).map((row) => row.id)).not.toContain(destination.id);
});

describe('testing', () => {
  test('sends a marked event now and says how it went', async () => {
    const { destination } = await service.add(rig.environment, 'webhook', { url: receiver.url });
    expect(await service.test(rig.environment, destination.id)).toEqual({ ok: true, status: 200 });
    expect(receiver.received[0]?.json).toMatchObject({ type: 'healthcheck', status: 'success', test: true });
    receiver.answer = answering(401);
    expect(await service.test(rig.environment, destination.id)).toEqual({
      ok: false,
      status: 401,
      reason: 'the receiver answered 401',
    });
  });
});
