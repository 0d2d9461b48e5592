import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Attempt, Delivery, Sender } from '../../src/core/destination.ts';

/** One destination type under test, with a real counterpart that it writes to. */
export interface DestinationRig {
  /** A sender to a counterpart that takes everything. */
  open(): Sender;
  /** A sender to a place where nothing listens. */
  openUnreachable(): Sender;
  /** A sender to an address that the guard refuses. */
  openRefused(): Sender;
  /** A sender with wrong credentials, where the type has any. */
  openWrongCredentials?(): Sender;
  /** Bodies that arrived, by trace id. */
  received(): Promise<Map<string, Buffer>>;
  /** Values that must appear in no string that a sender produces, besides the signing secrets. */
  secrets: string[];
  close(): Promise<void>;
}

const SIGNING_SECRET = 'a-signing-secret-that-nobody-may-see';

export function makeDelivery(more: Partial<Delivery> = {}): Delivery {
  return {
    id: randomUUID(),
    eventId: randomUUID(),
    type: 'sleep',
    traceId: randomUUID(),
    reference: randomUUID(),
    devId: 'suite-dev',
    orderingTimestamp: 1_723_808_700_123,
    body: Buffer.from('{"type":"sleep","data":[]}'),
    secrets: [SIGNING_SECRET],
    now: Math.floor(Date.now() / 1000),
    ...more,
  };
}

/** What every destination type has to hold to; the engine relies on it. */
export function testDestination(name: string, setUp: () => Promise<DestinationRig>): void {
  describe(`${name} holds to the destination contract`, () => {
    let rig: DestinationRig;
    const never = new AbortController().signal;
    beforeEach(async () => {
      rig = await setUp();
    });
    afterEach(() => rig.close());

    async function sendOne(sender: Sender, delivery: Delivery, signal = never): Promise<Attempt> {
      const [attempt, ...others] = await sender.send([delivery], signal);
      expect(others).toEqual([]);
      if (!attempt) throw new Error('no attempt came back');
      expect(attempt.deliveryId).toBe(delivery.id);
      expect(attempt.durationMs).toBeGreaterThanOrEqual(0);
      return attempt;
    }

    test('a body arrives byte for byte', async () => {
      const body = Buffer.from('{ "a" : 1.50,"b":"\\u00e9 é ✓ 🫀", "c":[ ] ,"d":1e2}\n');
      const delivery = makeDelivery({ body });
      expect((await sendOne(rig.open(), delivery)).outcome).toBe('delivered');
      expect((await rig.received()).get(delivery.traceId)).toEqual(body);
    });

    test('a big body arrives whole', async () => {
      const body = Buffer.from(JSON.stringify({ type: 'activity', noise: randomBytes(6_000_000).toString('base64') }));
      const delivery = makeDelivery({ body });
      expect((await sendOne(rig.open(), delivery)).outcome).toBe('delivered');
      expect((await rig.received()).get(delivery.traceId)?.equals(body)).toBe(true);
    });

    test('sends may overlap, each with its own answer', async () => {
      const sender = rig.open();
      const batches = Array.from({ length: 30 }, (_, n) =>
        Array.from({ length: (n % 3) + 1 }, (_, m) => makeDelivery({ body: Buffer.from(`{"n":${n},"m":${m}}`) })),
      );
      const attempts = await Promise.all(batches.map((batch) => sender.send(batch, never)));
      batches.forEach((batch, n) => {
        const outcomes = new Map(attempts[n]?.map((attempt) => [attempt.deliveryId, attempt.outcome]));
        expect(outcomes).toEqual(new Map(batch.map((delivery) => [delivery.id, 'delivered'])));
      });
      const received = await rig.received();
      for (const delivery of batches.flat()) expect(received.get(delivery.traceId)).toEqual(delivery.body);
    });

    test('an empty batch is nothing to do', async () => {
      expect(await rig.open().send([], never)).toEqual([]);
    });

    test('closing twice is closing once', async () => {
      const sender = rig.open();
      await sendOne(sender, makeDelivery());
      await sender.close();
      await sender.close();
    });

    test('an unreachable host is tried again', async () => {
      expect(await sendOne(rig.openUnreachable(), makeDelivery())).toMatchObject({ outcome: 'retry' });
    });

    test('an address that the guard refuses is rejected and nothing arrives', async () => {
      expect(await sendOne(rig.openRefused(), makeDelivery())).toMatchObject({ outcome: 'rejected' });
      expect((await rig.received()).size).toBe(0);
    });

    test('wrong credentials are rejected', async () => {
      const sender = rig.openWrongCredentials?.();
      if (sender) expect(await sendOne(sender, makeDelivery())).toMatchObject({ outcome: 'rejected' });
    });

    test('a stopped send ends and is tried again', async () => {
      expect(await sendOne(rig.open(), makeDelivery(), AbortSignal.abort())).toMatchObject({ outcome: 'retry' });
    });

    test('no string that comes back holds a secret', async () => {
      const senders = [rig.open(), rig.openUnreachable(), rig.openRefused(), rig.openWrongCredentials?.()];
      const attempts = await Promise.all(senders.map((sender) => sender?.send([makeDelivery()], never)));
      const said = JSON.stringify(attempts);
      for (const secret of [SIGNING_SECRET, ...rig.secrets]) expect(said).not.toContain(secret);
    });
  });
}
