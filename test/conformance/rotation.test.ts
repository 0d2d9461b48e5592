import { createHmac } from 'node:crypto';
import { verifyTerraWebhookSignature } from 'terra-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { smallFit } from '../../src/formats/fit/make-fit.fixture.ts';
import { createWorker, type Worker } from '../../src/main/worker.ts';
import { createEnvironmentService } from '../../src/services/environments.ts';
import { fakeClock } from '../harness/clock.ts';
import { until } from '../harness/lane-fixture.ts';
import { type ReceivedWebhook, type Receiver, startReceiver } from '../harness/receiver.ts';
import { startTestServer, type TestServer, type TestTenant } from '../harness/solum.ts';
import { storeOn } from '../harness/store.ts';

const HOUR_MS = 3_600_000;
/** Longer than a process keeps what it looked up about destinations and secrets. */
const LOOKED_UP_ANEW_MS = 6_000;

let solum: TestServer;
let worker: Worker;
let tenant: TestTenant;
let receiver: Receiver;
/** The process's clock goes on from the real time and jumps where a test says so. */
let ahead = 0;

beforeAll(async () => {
  const now = systemClock.now.bind(systemClock);
  vi.spyOn(systemClock, 'now').mockImplementation(() => new Date(now().getTime() + ahead));
  solum = await startTestServer();
  await solum.app.keyWatch.start();
  worker = createWorker(solum.app);
  await worker.start();
});

afterAll(async () => {
  await worker?.stop();
  solum?.app.keyWatch.stop();
  await solum?.close();
  vi.restoreAllMocks();
});

beforeEach(async () => {
  tenant = await solum.tenant('Rotating');
  receiver = await startReceiver();
});

afterEach(() => receiver.close());

function ask(key: Record<string, string>, prefix = '/v2') {
  return fetch(`${solum.url}${prefix}/subscriptions`, { headers: key });
}

async function statuses(key: Record<string, string>): Promise<number[]> {
  return Promise.all(['/v2', '/api/v2'].map(async (prefix) => (await ask(key, prefix)).status));
}

function withKey(apiKey: string): Record<string, string> {
  return { ...tenant.key, 'x-api-key': apiKey };
}

/** A recording of the person; each start makes another one. */
async function record(person: string, start: number): Promise<void> {
  const file = { name: 'run.fit', bytes: smallFit({ start, serial: start }) };
  await solum.app.services.importing.files(tenant.environment, person, [file]);
}

/** Time goes on once every delivery is recorded: a jump over a lease would have what is being sent sent again. */
async function later(milliseconds: number): Promise<void> {
  const pending = () => solum.app.services.events.deliveries(tenant.environment, { state: 'pending' });
  while ((await pending()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  ahead += milliseconds;
}

async function received(type: string, count: number): Promise<ReceivedWebhook[]> {
  const found = () => receiver.received.filter(({ json }) => json.type === type);
  await until(() => found().length >= count, `${count} ${type} events`);
  return found();
}

interface Signed {
  text: string;
  header: string;
}

function signedOf({ headers, text }: ReceivedWebhook): Signed {
  return { text, header: String(headers['terra-signature']) };
}

function versions({ header }: Signed): string[] {
  return [...header.matchAll(/v1=([0-9a-f]{64})/g)].map(([, signature = '']) => signature);
}

/** The signature that a receiver with this secret computes. */
function computed({ text, header }: Signed, secret: string): string {
  const time = /(?:^|,)t=(\d+)/.exec(header)?.[1];
  return createHmac('sha256', secret).update(`${time}.${text}`).digest('hex');
}

/** By the official helper, whose clock stayed where the test began. */
function isVerified({ text, header }: Signed, secret: string): Promise<boolean> {
  return verifyTerraWebhookSignature(text, header, secret, { tolerance: 60 + ahead / 1000 });
}

describe('a new API key', () => {
  test('kills the old one at once, and only that of its environment', async () => {
    const other = await solum.tenant('Bystander');
    expect(await statuses(tenant.key)).toEqual([200, 200]);
    const fresh = await solum.app.services.environments.rotateKey(tenant.environment);
    expect(await statuses(tenant.key)).toEqual([401, 401]);
    expect(await statuses(withKey(fresh))).toEqual([200, 200]);
    expect(await statuses(other.key)).toEqual([200, 200]);
  });

  test('kills keys that were added beside it as well', async () => {
    const { environments } = solum.app.services;
    const added = await environments.addKey(tenant.environment, 'second');
    expect(await statuses(withKey(added))).toEqual([200, 200]);
    const fresh = await environments.rotateKey(tenant.environment);
    expect(await statuses(withKey(added))).toEqual([401, 401]);
    expect(await statuses(withKey(fresh))).toEqual([200, 200]);
  });

  test('made by another process is heard of', async () => {
    expect(await statuses(tenant.key)).toEqual([200, 200]);
    const store = storeOn(solum.app.database, solum.app.masterKeys);
    const elsewhere = createEnvironmentService({ store, clock: fakeClock(), productionRefused: undefined });
    const fresh = await elsewhere.rotateKey(tenant.environment);
    await until(async () => (await ask(tenant.key)).status === 401, 'the old key to be refused');
    expect(await statuses(tenant.key)).toEqual([401, 401]);
    expect(await statuses(withKey(fresh))).toEqual([200, 200]);
  });

  test('leaves the signing secret as it was', async () => {
    const fresh = await solum.app.services.environments.rotateKey(tenant.environment);
    const answer = await ask(withKey(fresh));
    const header = answer.headers.get('terra-signature') ?? '';
    const text = await answer.text();
    expect(versions({ text, header })).toEqual([computed({ text, header }, tenant.signingSecret)]);
  });
});

describe('a new signing secret', () => {
  async function useEnvironmentSecret(): Promise<void> {
    const { destinations } = solum.app.services;
    await destinations.add(tenant.environment, 'webhook', { url: receiver.url }, { useEnvironmentSecret: true });
  }

  test('signs beside the old one for a day, then alone', async () => {
    await useEnvironmentSecret();
    await record('ann', 1_000_000_000);
    const [before] = (await received('auth', 1)).map(signedOf);
    expect(before && versions(before)).toEqual([before && computed(before, tenant.signingSecret)]);

    const fresh = await solum.app.services.environments.rotateSecret(tenant.environment);
    await later(LOOKED_UP_ANEW_MS);
    await record('bob', 1_000_100_000);
    const during = (await received('auth', 2)).map(signedOf).at(-1) as Signed;
    expect(versions(during)).toEqual([computed(during, fresh), computed(during, tenant.signingSecret)]);
    for (const secret of [fresh, tenant.signingSecret]) {
      expect(await isVerified(during, secret)).toBe(true);
    }

    await later(24 * HOUR_MS);
    await record('cy', 1_000_200_000);
    const after = (await received('auth', 3)).map(signedOf).at(-1) as Signed;
    expect(versions(after)).toEqual([computed(after, fresh)]);
    await expect(isVerified(after, tenant.signingSecret)).rejects.toThrow('No matching signature');
  });

  test('takes over at once when no overlap is wanted', async () => {
    await useEnvironmentSecret();
    const fresh = await solum.app.services.environments.rotateSecret(tenant.environment, 0);
    await record('ann', 1_000_000_000);
    const [only] = (await received('auth', 1)).map(signedOf) as [Signed];
    expect(versions(only)).toEqual([computed(only, fresh)]);
  });

  test('rotated twice within the day leaves no more than the overlap says', async () => {
    await useEnvironmentSecret();
    const { environments } = solum.app.services;
    const second = await environments.rotateSecret(tenant.environment, 2);
    await later(HOUR_MS);
    const third = await environments.rotateSecret(tenant.environment, 2);
    await record('ann', 1_000_000_000);
    const all = (await received('auth', 1)).map(signedOf).at(-1) as Signed;
    expect(versions(all)).toEqual([third, second, tenant.signingSecret].map((secret) => computed(all, secret)));
    await later(HOUR_MS + LOOKED_UP_ANEW_MS);
    await record('bob', 1_000_100_000);
    const two = (await received('auth', 2)).map(signedOf).at(-1) as Signed;
    expect(versions(two)).toEqual([third, second].map((secret) => computed(two, secret)));
  });

  test('signs answers of the API in the same way, and leaves destinations with their own secret alone', async () => {
    const { destinations, environments } = solum.app.services;
    const { signingSecret: own } = await destinations.add(tenant.environment, 'webhook', { url: receiver.url });
    const fresh = await environments.rotateSecret(tenant.environment);
    await later(LOOKED_UP_ANEW_MS);
    const answer = await ask(tenant.key);
    const api = { text: await answer.text(), header: answer.headers.get('terra-signature') ?? '' };
    expect(versions(api)).toEqual([computed(api, fresh), computed(api, tenant.signingSecret)]);
    await record('ann', 1_000_000_000);
    const [auth] = (await received('auth', 1)).map(signedOf) as [Signed];
    expect(versions(auth)).toEqual([computed(auth, own ?? '')]);
  });
});

describe('an event that is sent again', () => {
  async function eventId(type: string): Promise<string> {
    const [event] = await solum.app.services.events.list(tenant.environment, { type });
    return event?.id ?? '';
  }

  beforeEach(async () => {
    await solum.app.services.destinations.add(tenant.environment, 'webhook', { url: receiver.url });
    await record('ann', 1_000_000_000);
    await received('activity', 1);
  });

  /** The user is added to data when it is sent, so a later sending knows of the one before. */
  function told({ text, json }: ReceivedWebhook): string {
    const { user } = json;
    return json.type === 'auth' ? text : text.replace(JSON.stringify(user), String(user?.user_id));
  }

  test.each(['auth', 'activity'])('%s: comes under a new trace id with the same body', async (type) => {
    await later(2 * HOUR_MS);
    const { events } = solum.app.services;
    expect(await events.resend(tenant.environment, await eventId(type))).toBe(1);
    const [first, second] = (await received(type, 2)) as [ReceivedWebhook, ReceivedWebhook];
    expect(told(second)).toBe(told(first));
    expect({ ...second.json.user, last_webhook_update: null }).toEqual(first.json.user);
    expect(second.headers['x-terra-trace-id']).not.toBe(first.headers['x-terra-trace-id']);
    expect(second.headers['terra-reference']).toBe(first.headers['terra-reference']);
    expect(second.headers['x-terra-ordering-timestamp']).toBe(first.headers['x-terra-ordering-timestamp']);
    expect(second.headers['terra-signature']).not.toBe(first.headers['terra-signature']);
    const [row] = await events.list(tenant.environment, { type });
    expect(new Set(row?.deliveries.map((delivery) => delivery.traceId))).toEqual(
      new Set([first, second].map(({ headers }) => headers['x-terra-trace-id'])),
    );
  });

  test('data carries the time of the data, not of the sending', async () => {
    const [first] = (await received('activity', 1)) as [ReceivedWebhook];
    const made = Number(first.headers['x-terra-ordering-timestamp']);
    expect(new Date(made).getFullYear()).toBe(systemClock.now().getFullYear());
    await later(2 * HOUR_MS);
    await solum.app.services.events.resend(tenant.environment, await eventId('activity'));
    const again = (await received('activity', 2)).at(-1);
    expect(Number(again?.headers['x-terra-ordering-timestamp'])).toBe(made);
  });

  test('of another environment cannot be sent', async () => {
    const other = await solum.tenant('Stranger');
    const { events } = solum.app.services;
    await expect(events.resend(other.environment, await eventId('auth'))).rejects.toMatchObject({ code: 'not_found' });
    const [mine] = await solum.app.services.destinations.list(tenant.environment);
    const otherEvent = await solum.app.services.events.list(other.environment, {});
    expect(otherEvent).toEqual([]);
    const own = await eventId('auth');
    const foreign = await solum.app.services.destinations.add(other.environment, 'webhook', { url: receiver.url });
    await expect(events.resend(tenant.environment, own, foreign.destination.id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await events.resend(tenant.environment, own, mine?.id)).toBe(1);
    expect(await received('auth', 2)).toHaveLength(2);
  });
});
