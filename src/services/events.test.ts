import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DeliveryRig, deliveryRig } from '../../test/harness/delivery-rig.ts';
import { answering, type Receiver, startReceiver } from '../../test/harness/receiver.ts';
import { createEventService } from './events.ts';
import type { EventService } from './services.ts';

let rig: DeliveryRig;
let receiver: Receiver;
let service: EventService;
beforeAll(async () => {
  rig = await deliveryRig();
});
afterAll(() => rig.close());
beforeEach(async () => {
  receiver = await startReceiver();
  service = createEventService(rig);
});
afterEach(async () => {
  for (const row of await rig.store.destinations.list(rig.environment.id)) {
    await rig.store.destinations.remove(rig.environment.id, row.id);
  }
  await receiver.close();
});

const nobody = '00000000-0000-4000-8000-000000000000';

describe('the list', () => {
  test('shows events newest first with their deliveries and tries, in pages', async () => {
    await rig.addDestination(receiver.url);
    receiver.answer = answering(500);
    const first = await rig.announce({ type: 'auth' });
    await rig.serve();
    receiver.answer = answering(200);
    await rig.later(30);
    const second = await rig.announce({ type: 'deauth' });
    const rows = await service.list(rig.environment, { limit: 2 });
    expect(rows.map((row) => row.id)).toEqual([second.id, first.id]);
    expect(rows[1]?.deliveries).toMatchObject([
      {
        state: 'delivered',
        tries: [
          { number: 1, outcome: 'retry', status: 500 },
          { number: 2, outcome: 'delivered', status: 200 },
        ],
      },
    ]);
    expect(rows[0]?.deliveries).toMatchObject([{ state: 'pending', tries: [] }]);
    const older = await service.list(rig.environment, { before: second.id, limit: 1 });
    expect(older.map((row) => row.id)).toEqual([first.id]);
    const newer = await service.list(rig.environment, { after: first.id });
    expect(newer.map((row) => row.id)).toEqual([second.id]);
  });

  test('narrows to a type and to a user', async () => {
    const connection = await rig.addConnection();
    const auth = await rig.announce({ type: 'permission_change', connectionId: connection.id });
    await rig.announce({ type: 'connection_error' });
    const ofType = await service.list(rig.environment, { type: 'permission_change' });
    expect(ofType.map((row) => row.id)).toEqual([auth.id]);
    const ofUser = await service.list(rig.environment, { userId: connection.userId });
    expect(ofUser.map((row) => row.id)).toEqual([auth.id]);
    expect(await service.list(rig.environment, { userId: nobody })).toEqual([]);
    expect(await service.list(rig.environment, { userId: 'no-id' })).toEqual([]);
  });
});

test('the body is the stored one', async () => {
  const event = await rig.announce({ type: 'auth', body: { type: 'auth', n: 1 } });
  expect(await service.body(rig.environment, event.id)).toBe('{"type":"auth","n":1}');
  for (const id of [nobody, 'no-id']) {
    await expect(service.body(rig.environment, id)).rejects.toMatchObject({ code: 'not_found' });
  }
});

describe('resending', () => {
  test('makes new deliveries with new trace ids under the old reference', async () => {
    await rig.addDestination(receiver.url);
    await rig.addDestination(receiver.url, { eventTypes: ['sleep'] });
    const event = await rig.announce({ type: 'auth' });
    await rig.serve();
    expect(await service.resend(rig.environment, event.id)).toBe(1);
    await rig.serve();
    const [first, again] = receiver.received;
    expect(again?.text).toBe(first?.text);
    expect(again?.headers['terra-reference']).toBe(first?.headers['terra-reference']);
    expect(again?.headers['x-terra-trace-id']).not.toBe(first?.headers['x-terra-trace-id']);
  });

  test('reaches one destination when it is named, whatever it usually wants', async () => {
    const narrow = await rig.addDestination(receiver.url, { eventTypes: ['sleep'] });
    await rig.addDestination('https://example.org/');
    const event = await rig.announce({ type: 'auth' });
    expect(await service.resend(rig.environment, event.id, narrow.id)).toBe(1);
    const [row] = await service.deliveries(rig.environment, { destinationId: narrow.id });
    expect(row).toMatchObject({ eventId: event.id, state: 'pending' });
  });

  test('of data of an erased person, of unknown events and to unknown destinations is refused', async () => {
    await rig.addDestination(receiver.url);
    const connection = await rig.addConnection();
    const sleep = { type: 'sleep' as const, isData: true, connectionId: connection.id, body: { type: 'sleep' } };
    const event = await rig.announce(sleep);
    const auth = await rig.announce({ type: 'auth' });
    await rig.store.connections.delete(rig.environment.id, connection.id);
    for (const id of [event.id, nobody, 'no-id']) {
      await expect(service.resend(rig.environment, id)).rejects.toMatchObject({ code: 'not_found' });
    }
    for (const id of [nobody, 'no-id']) {
      await expect(service.resend(rig.environment, auth.id, id)).rejects.toMatchObject({ code: 'not_found' });
    }
  });
});

test('deliveries are listed by state and destination', async () => {
  const good = await rig.addDestination(receiver.url);
  const dead = await rig.addDestination('http://10.0.0.1/');
  await rig.announce({ type: 'auth' });
  await rig.serve();
  const rows = await service.deliveries(rig.environment, { state: 'dead', destinationId: dead.id });
  expect(rows).toMatchObject([{ state: 'dead', tries: [{ outcome: 'rejected' }] }]);
  expect(await service.deliveries(rig.environment, { destinationId: good.id })).toMatchObject([{ state: 'delivered' }]);
  const wrong = service.deliveries(rig.environment, { state: 'lost' });
  await expect(wrong).rejects.toMatchObject({ code: 'bad_request', field: 'state' });
});
