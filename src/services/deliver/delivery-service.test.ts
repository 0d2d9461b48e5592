import { verifyTerraWebhookSignature } from 'terra-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeliveryRig, deliveryRig, IDLE, SIGNING_SECRET } from '../../../test/harness/delivery-rig.ts';
import { answering, type ReceivedWebhook, type Receiver, startReceiver } from '../../../test/harness/receiver.ts';
import type { DeliveryRow } from '../../core/delivery.ts';
import { createLaneQueue } from '../../queue/lanes.ts';

let rig: DeliveryRig;
let receiver: Receiver;
beforeEach(async () => {
  [rig, receiver] = await Promise.all([deliveryRig(), startReceiver()]);
});
afterEach(async () => {
  await receiver.close();
  await rig.close();
});

async function deliveries(state?: DeliveryRow['state']): Promise<DeliveryRow[]> {
  return rig.store.deliveries.list(rig.environment.id, { limit: 500, ...(state ? { state } : {}) });
}

async function only(): Promise<DeliveryRow> {
  const [row, ...others] = await deliveries();
  if (!row || others.length > 0) throw new Error(`${others.length} deliveries too many`);
  return row;
}

/** By the official verifier. The clock of these tests stands still, so the age of a signature says nothing. */
function verified(webhook: ReceivedWebhook | undefined, secret: string): Promise<boolean> {
  const signature = String(webhook?.headers['terra-signature']);
  return verifyTerraWebhookSignature(webhook?.text ?? '', signature, secret, { tolerance: 1e9 });
}

function types(): string[] {
  return receiver.received.map((webhook) => webhook.json.type);
}

function sleepOf(connectionId: string, data: unknown[] = [{ n: 1 }]) {
  return {
    type: 'sleep' as const,
    isData: true,
    connectionId,
    body: { type: 'sleep', version: '2022-03-16', data },
    orderingTimestamp: 1_772_366_400_000,
  };
}

describe('a delivery', () => {
  test('carries the event under its reference and trace id, signed by the environment', async () => {
    await rig.addDestination(receiver.url);
    const event = await rig.announce({ type: 'auth', body: { type: 'auth', status: 'success' } });
    await rig.serve();
    const [webhook] = receiver.received;
    expect(webhook?.text).toBe('{"type":"auth","status":"success"}');
    const row = await only();
    expect(webhook?.headers).toMatchObject({
      'terra-reference': event.reference,
      'x-terra-trace-id': row.traceId,
      'dev-id': rig.environment.devId,
    });
    expect(row).toMatchObject({ state: 'delivered', attempts: 1, deliveredAt: rig.clock.now() });
    await expect(verified(webhook, SIGNING_SECRET)).resolves.toBe(true);
    const [attempt] = await rig.store.deliveries.attempts(rig.environment.id, [row.id]);
    expect(attempt).toMatchObject({ number: 1, outcome: 'delivered', status: 200 });
  });

  test('is signed by the destination where it has a secret of its own', async () => {
    await rig.addDestination(receiver.url, { secret: 'own-secret' });
    await rig.announce({ type: 'auth' });
    await rig.serve();
    const verify = (secret: string) => verified(receiver.received[0], secret);
    await expect(verify('own-secret')).resolves.toBe(true);
    await expect(verify(SIGNING_SECRET)).rejects.toThrow();
  });

  test('of data carries the user of this moment and touches the connection', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection('runner-7');
    await rig.announce(sleepOf(connection.id));
    rig.clock.advance(1_000);
    await rig.serve();
    expect(receiver.received[0]?.json).toEqual({
      type: 'sleep',
      version: '2022-03-16',
      data: [{ n: 1 }],
      user: {
        user_id: connection.userId,
        provider: 'EXAMPLE',
        created_at: '2026-03-01T12:00:00.000000+00:00',
        last_webhook_update: null,
        scopes: 'sleep,heart',
        reference_id: 'runner-7',
        active: true,
      },
    });
    expect(receiver.received[0]?.headers['x-terra-ordering-timestamp']).toBe('1772366400000');
    const after = await rig.store.connections.byId(rig.environment.id, connection.id);
    expect(after?.lastWebhookUpdate).toEqual(rig.clock.now());
  });

  test('goes to each destination once', async () => {
    const second = await startReceiver();
    await rig.addDestination(receiver.url);
    await rig.addDestination(second.url);
    await rig.announce({ type: 'auth' });
    await rig.serve();
    expect([receiver.received.length, second.received.length]).toEqual([1, 1]);
    const traces = [receiver, second].map((one) => one.received[0]?.headers['x-terra-trace-id']);
    expect(new Set(traces).size).toBe(2);
    await second.close();
  });
});

describe('a failed delivery', () => {
  test('is tried again with the same bytes and trace id under a new signature', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    await rig.announce(sleepOf(connection.id));
    receiver.answer = answering(500);
    await rig.serve();
    expect(await only()).toMatchObject({ state: 'pending', attempts: 1 });
    await rig.store.connections.reauthenticate(
      rig.environment.id,
      connection.id,
      'aaaaaaaa-0000-4000-8000-000000000001',
      'renamed',
      rig.clock.now(),
    );
    receiver.answer = answering(200);
    expect(await rig.later(29)).toBe(0);
    await rig.later(1);
    expect(receiver.received).toHaveLength(2);
    const [first, second] = receiver.received;
    expect(second?.text).toBe(first?.text);
    expect(second?.headers['x-terra-trace-id']).toBe(first?.headers['x-terra-trace-id']);
    expect(second?.headers['terra-reference']).toBe(first?.headers['terra-reference']);
    expect(second?.headers['terra-signature']).not.toBe(first?.headers['terra-signature']);
    expect(await only()).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  test('that was not tried before a reauthentication carries the new user', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    await rig.announce(sleepOf(connection.id));
    const userId = 'aaaaaaaa-0000-4000-8000-000000000001';
    await rig.store.connections.reauthenticate(rig.environment.id, connection.id, userId, 'new', rig.clock.now());
    await rig.serve();
    expect(receiver.received[0]?.json.user).toMatchObject({ user_id: userId, reference_id: 'new' });
  });

  test('waits 30 s and twice as long each time; after ten retries it is dead', async () => {
    await rig.addDestination(receiver.url);
    await rig.announce({ type: 'auth' });
    receiver.answer = answering(500);
    await rig.serve();
    for (const wait of [30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680]) {
      const before = receiver.received.length;
      await rig.later(wait - 1);
      expect(receiver.received).toHaveLength(before);
      await rig.later(1);
      expect(receiver.received).toHaveLength(before + 1);
    }
    expect(await only()).toMatchObject({ state: 'pending', attempts: 10 });
    await rig.later(15_360);
    expect(await only()).toMatchObject({ state: 'dead', attempts: 11, lastReason: 'the receiver answered 500' });
    await rig.later(86_400);
    expect(receiver.received).toHaveLength(11);
    expect(rig.log.lines.filter((line) => line.message === 'a delivery is dead')).toHaveLength(1);
  });

  test('waits as long as the receiver asks, and so do its neighbours while it is overloaded', async () => {
    await rig.addDestination(receiver.url, { concurrency: 1 });
    await rig.announce({ type: 'auth' });
    await rig.announce({ type: 'deauth' });
    receiver.answer = answering(429, { 'retry-after': '90' });
    await rig.serve();
    expect(types()).toEqual(['auth']);
    receiver.answer = answering(200);
    await rig.later(89);
    expect(types()).toEqual(['auth']);
    await rig.later(2);
    expect(types().sort()).toEqual(['auth', 'auth', 'deauth']);
  });

  test('to an address that is not allowed is dead at once', async () => {
    await rig.addDestination('http://10.0.0.1/');
    await rig.announce({ type: 'auth' });
    await rig.serve();
    expect(await only()).toMatchObject({ state: 'dead', attempts: 1, lastReason: 'the address is not allowed' });
  });

  test('goes to the address that is configured by then', async () => {
    const destination = await rig.addDestination(receiver.url);
    const moved = await startReceiver();
    receiver.answer = answering(500);
    await rig.announce({ type: 'auth' });
    await rig.serve();
    await rig.store.destinations.update(rig.environment.id, destination.id, { config: { url: moved.url } });
    await rig.later(30);
    expect([receiver.received.length, moved.received.length]).toEqual([1, 1]);
    await moved.close();
  });
});

describe('order', () => {
  test('user_reauth, then auth, then data; others do not wait', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    const first = await rig.announce({ type: 'user_reauth', connectionId: connection.id });
    await rig.announce({ type: 'auth', connectionId: connection.id, afterEventId: first.id });
    await rig.announce(sleepOf(connection.id));
    const other = await rig.addConnection();
    await rig.announce({ ...sleepOf(other.id), type: 'daily', body: { type: 'daily', data: [] } });
    receiver.answer = (_, response) => {
      const fails = receiver.received.length <= 2 && types().at(-1) === 'user_reauth';
      response.writeHead(fails ? 500 : 200).end();
    };
    await rig.serve();
    expect(types().sort()).toEqual(['daily', 'user_reauth']);
    await rig.later(30);
    expect(types().slice(2)).toEqual(['user_reauth', 'auth', 'sleep']);
  });

  test('the gate opens a minute after the first attempt of what comes first', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    await rig.announce({ type: 'auth', connectionId: connection.id });
    await rig.announce(sleepOf(connection.id));
    receiver.answer = (_, response) => response.writeHead(types().at(-1) === 'auth' ? 500 : 200).end();
    await rig.serve();
    await rig.later(30);
    expect(types()).toEqual(['auth', 'auth']);
    await rig.later(31);
    expect(types()).toEqual(['auth', 'auth', 'sleep']);
  });

  test('an ordered destination waits behind the head of a connection and of no other', async () => {
    await rig.addDestination(receiver.url, { ordered: true });
    const [one, other] = [await rig.addConnection(), await rig.addConnection()];
    for (const n of [1, 2, 3]) await rig.announce(sleepOf(one.id, [n]));
    await rig.announce({ ...sleepOf(other.id), type: 'daily', body: { type: 'daily', data: [] } });
    let fail = true;
    receiver.answer = (_, response) => response.writeHead(fail && types().at(-1) === 'sleep' ? 500 : 200).end();
    await rig.serve();
    expect(types().sort()).toEqual(['daily', 'sleep']);
    fail = false;
    await rig.later(30);
    const sleeps = receiver.received.filter((webhook) => webhook.json.type === 'sleep');
    expect(sleeps.map((webhook) => webhook.json.data)).toEqual([[1], [1], [2], [3]]);
  });
});

describe('many deliveries', () => {
  test('all arrive once, as many at a time as the destination takes', async () => {
    await rig.addDestination(receiver.url, { concurrency: 8 });
    const connection = await rig.addConnection();
    for (let n = 0; n < 300; n += 1) await rig.announce(sleepOf(connection.id, [n]));
    receiver.answer = (_, response) => setTimeout(() => response.end(), 2);
    await rig.serve();
    const numbers = receiver.received.map((webhook) => (webhook.json.data as number[])[0]);
    expect(numbers.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(receiver.most).toBeLessThanOrEqual(8);
    expect(receiver.most).toBeGreaterThan(4);
    expect(await deliveries('delivered')).toHaveLength(300);
  });

  test('a slow one holds up none of the others', async () => {
    await rig.addDestination(receiver.url, { concurrency: 4 });
    for (let n = 0; n < 40; n += 1) await rig.announce({ type: 'auth', body: { type: 'auth', n } });
    let release: (() => void) | undefined;
    receiver.answer = (_, response) => {
      if (receiver.received.at(-1)?.json.n === 0) release = () => response.end();
      else response.end();
      if (receiver.received.length === 40) release?.();
    };
    await rig.serve();
    expect(await deliveries('delivered')).toHaveLength(40);
  });
});

describe('the circuit', () => {
  test('opens after ten failures, spends no attempts meanwhile, probes once and then goes on', async () => {
    await rig.addDestination(receiver.url, { concurrency: 2 });
    for (let n = 0; n < 40; n += 1) await rig.announce({ type: 'auth', body: { type: 'auth', n } });
    receiver.answer = answering(503);
    await rig.serve();
    const spent = receiver.received.length;
    expect(spent).toBeGreaterThanOrEqual(10);
    expect(spent).toBeLessThanOrEqual(11);
    await rig.later(4);
    expect(receiver.received).toHaveLength(spent);
    await rig.later(1);
    expect(receiver.received).toHaveLength(spent + 1);
    receiver.answer = answering(200);
    await rig.later(10);
    await rig.later(600);
    expect(await deliveries('delivered')).toHaveLength(40);
    expect((await deliveries()).every((row) => row.attempts <= 3)).toBe(true);
  });

  test('of one destination leaves the others alone, and another process sees the pause', async () => {
    const healthy = await startReceiver();
    await rig.addDestination(receiver.url);
    await rig.addDestination(healthy.url);
    receiver.answer = answering(500);
    for (let n = 0; n < 60; n += 1) await rig.announce({ type: 'auth' });
    await rig.serve();
    expect(healthy.received).toHaveLength(60);
    const spent = receiver.received.length;
    expect(spent).toBeLessThan(60);
    await rig.announce({ type: 'auth' });
    await rig.serve(rig.engine());
    expect(receiver.received).toHaveLength(spent);
    expect(healthy.received).toHaveLength(61);
    await healthy.close();
  });
});

test('what was rendered but not tried when the circuit opened is rendered anew', async () => {
  await rig.addDestination(receiver.url, { concurrency: 1 });
  const connection = await rig.addConnection();
  for (let n = 0; n < 14; n += 1) await rig.announce(sleepOf(connection.id, [n]));
  receiver.answer = answering(500);
  await rig.serve();
  expect(receiver.received).toHaveLength(10);
  const userId = 'aaaaaaaa-0000-4000-8000-000000000001';
  await rig.store.connections.reauthenticate(rig.environment.id, connection.id, userId, 'new', rig.clock.now());
  receiver.answer = answering(200);
  await rig.later(5);
  await rig.later(60);
  const userOf = (text: string) => (JSON.parse(text) as { user: { user_id: string } }).user.user_id;
  const late = receiver.received.slice(10);
  expect(late).toHaveLength(14);
  for (const { text, json } of late) {
    const first = receiver.received.slice(0, 10).find((tried) => String(tried.json.data) === String(json.data));
    expect(userOf(text)).toBe(first ? connection.userId : userId);
  }
});

test('what a killed worker sent goes out again with the same bytes, even after a reauthentication', async () => {
  await rig.addDestination(receiver.url);
  const connection = await rig.addConnection();
  await rig.announce(sleepOf(connection.id));
  const kill = new AbortController();
  receiver.answer = () => kill.abort();
  const [lease] = await createLaneQueue(rig.database.pool).claim('deliver', rig.clock.now(), 1_000, 1);
  if (!lease) throw new Error('no lane was due');
  await rig.engine().serve(lease, { ...IDLE, signal: kill.signal });
  const userId = 'aaaaaaaa-0000-4000-8000-000000000001';
  await rig.store.connections.reauthenticate(rig.environment.id, connection.id, userId, 'new', rig.clock.now());
  receiver.answer = answering(200);
  await rig.later(2);
  const [first, again] = receiver.received;
  expect(again?.text).toBe(first?.text);
  expect(again?.headers['x-terra-trace-id']).toBe(first?.headers['x-terra-trace-id']);
  expect(await only()).toMatchObject({ state: 'delivered', attempts: 1 });
  const { rows } = await rig.database.pool.query('select from frozen_batches');
  expect(rows).toHaveLength(0);
});

describe('what is not sent', () => {
  test('types that a destination does not want, and destinations that are off', async () => {
    await rig.addDestination(receiver.url, { eventTypes: ['sleep', 'deauth'] });
    const off = await rig.addDestination(receiver.url);
    await rig.store.destinations.update(rig.environment.id, off.id, { active: false });
    const connection = await rig.addConnection();
    await rig.announce({ type: 'auth', connectionId: connection.id });
    await rig.announce(sleepOf(connection.id));
    await rig.announce({ type: 'deauth' });
    await rig.serve();
    expect(types().sort()).toEqual(['deauth', 'sleep']);
  });

  test('data types that the environment switched off, also between announcement and delivery', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    const { id, settings } = rig.environment;
    await rig.announce(sleepOf(connection.id));
    await rig.store.environments.saveSettings(id, { ...settings, data_types: ['daily'] });
    await rig.announce(sleepOf(connection.id));
    await rig.announce({ type: 'auth', connectionId: connection.id });
    await rig.serve();
    expect(types()).toEqual(['auth']);
    const reasons = (await deliveries()).map((row) => [row.state, row.lastReason]);
    expect(reasons.toSorted()).toEqual([
      ['dead', 'filtered'],
      ['delivered', undefined],
    ]);
  });

  test('deliveries of a destination that was switched off wait until it is on again', async () => {
    const destination = await rig.addDestination(receiver.url);
    await rig.announce({ type: 'auth' });
    await rig.store.destinations.update(rig.environment.id, destination.id, { active: false });
    await rig.serve();
    expect(receiver.received).toEqual([]);
    expect(await only()).toMatchObject({ state: 'pending', attempts: 0 });
  });

  test('anything after a stop, and what was running is not counted as a try', async () => {
    await rig.addDestination(receiver.url);
    await rig.announce({ type: 'auth' });
    const stop = new AbortController();
    receiver.answer = () => stop.abort();
    const [lease] = await createLaneQueue(rig.database.pool).claim('deliver', rig.clock.now(), 1_000, 1);
    if (!lease) throw new Error('no lane was due');
    await rig.engine().serve(lease, { ...IDLE, signal: stop.signal });
    expect(receiver.received).toHaveLength(1);
    expect(await only()).toMatchObject({ state: 'pending', attempts: 0 });
  });
});

test('a worker whose lease was taken over records nothing', async () => {
  await rig.addDestination(receiver.url);
  await rig.announce({ type: 'auth' });
  const lanes = createLaneQueue(rig.database.pool);
  const [lease] = await lanes.claim('deliver', rig.clock.now(), 1_000, 1);
  if (!lease) throw new Error('no lane was due');
  rig.clock.advance(2_000);
  expect(await lanes.claim('deliver', rig.clock.now(), 60_000, 1)).toHaveLength(1);
  const control = { ...IDLE, lost: true, signal: new AbortController().signal };
  await rig.engine().serve(lease, control);
  expect(await only()).toMatchObject({ state: 'pending', attempts: 0 });
});

test('a rotation of the signing secret shows within seconds; both secrets sign until the overlap ends', async () => {
  await rig.addDestination(receiver.url);
  const { id } = rig.environment;
  await rig.announce({ type: 'auth' });
  await rig.serve();
  const overlapUntil = new Date(rig.clock.now().getTime() + 3_600_000);
  await rig.store.environments.addSigningSecret(id, 'rotated-secret', rig.clock.now(), overlapUntil);
  rig.clock.advance(2_000);
  await rig.announce({ type: 'deauth' });
  await rig.serve();
  rig.clock.advance(3_600_000);
  await rig.announce({ type: 'auth' });
  await rig.serve();
  const signatures = receiver.received.map(
    (webhook) => String(webhook.headers['terra-signature']).match(/v1=/g)?.length,
  );
  expect(signatures).toEqual([1, 2, 1]);
  for (const secret of [SIGNING_SECRET, 'rotated-secret']) {
    await expect(verified(receiver.received[1], secret)).resolves.toBe(true);
  }
});

test('no log line holds a secret, an address or a body', async () => {
  await rig.addDestination(`${receiver.url}?key=in-the-address`, { maxAttempts: 1 });
  const connection = await rig.addConnection('runner@example.org');
  receiver.answer = answering(500);
  for (let n = 0; n < 12; n += 1) await rig.announce(sleepOf(connection.id, [{ heart: 4_711 }]));
  await rig.serve();
  const said = JSON.stringify(rig.log.lines);
  expect(rig.log.lines.length).toBeGreaterThan(0);
  for (const secret of [SIGNING_SECRET, 'in-the-address', 'runner@example.org', '4711', '127.0.0.1']) {
    expect(said).not.toContain(secret);
  }
});
