import { isIP } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type {
  Attempt,
  Delivery,
  Destination,
  DestinationRegistry,
  DestinationRow,
  OutboundHttp,
} from '../core/destination.ts';
import type { Environment } from '../core/environment.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { Store } from '../core/store.ts';
import { randomSecret, uuid4 } from '../lib/ids.ts';
import { formatInstant } from '../lib/time.ts';
import { signingSecrets } from './deliver/targets.ts';
import { DEFAULTS, splitOptions } from './destination-options.ts';
import { checkFields, maskFields } from './fields.ts';
import type { DestinationService } from './services.ts';

export interface DestinationServicePorts {
  store: Store;
  clock: Clock;
  log: Log;
  destinations: DestinationRegistry;
  http: OutboundHttp;
  /** Whether an address may be reached at all. */
  guard: { allows(address: string): boolean };
}

export function createDestinationService(ports: DestinationServicePorts): DestinationService {
  const { store, clock } = ports;
  return {
    check(typeName, input) {
      readNew(ports, typeName, input);
    },

    async add(environment, typeName, input, { useEnvironmentSecret = false } = {}) {
      const { type, values, options, ordered } = readNew(ports, typeName, input);
      const secret = useEnvironmentSecret ? undefined : randomSecret();
      const destination = await store.destinations.create({
        environmentId: environment.id,
        type: type.type,
        config: values,
        display: maskFields(type.fields, values),
        ordered,
        secret,
        now: clock.now(),
        ...DEFAULTS,
        ...options,
      });
      return { destination, signingSecret: secret };
    },

    list: (environment) => store.destinations.list(environment.id),

    update: (environment, id, change) => update(ports, environment, id, change),

    async remove(environment, id) {
      if (!(await store.destinations.remove(environment.id, id))) throw unknown();
    },

    async test(environment, id) {
      const row = await store.destinations.byId(environment.id, id);
      if (!row) throw unknown();
      const attempt = await sendTest(ports, environment, row);
      const status = attempt.response?.status;
      return {
        ok: attempt.outcome === 'delivered',
        ...(status === undefined ? {} : { status }),
        ...(attempt.outcome === 'delivered' ? {} : { reason: attempt.reason }),
      };
    },
  };
}

async function update(
  ports: DestinationServicePorts,
  environment: Environment,
  id: string,
  change: Record<string, unknown>,
): Promise<DestinationRow> {
  const { store, clock } = ports;
  const row = await store.destinations.byId(environment.id, id);
  if (!row) throw unknown();
  const type = typeOf(ports.destinations, row.type);
  const { active, ...rest } = change;
  const { options, config } = splitOptions(rest);
  const isActive = readSwitch('active', active);
  const changesConfig = Object.keys(config).length > 0;
  const before = changesConfig ? await store.destinations.config(environment.id, id) : {};
  const values = changesConfig ? checkConfig(ports, type, { ...before, ...config }) : undefined;
  return store.transaction(async (tx) => {
    const updated = await tx.destinations.update(environment.id, id, {
      ...options,
      ...(isActive === undefined ? {} : { active: isActive }),
      ...(values ? { config: values, display: maskFields(type.fields, values) } : {}),
    });
    if (!updated) throw unknown();
    // What waited while it was off or paused goes out now: it may be that very change which was needed.
    if (updated.active && (isActive || values)) {
      await tx.destinations.pause(environment.id, id, undefined);
      await tx.lanes.wake('deliver', environment.id, await tx.deliveries.waitingLanes(environment.id, id), clock.now());
    }
    return updated;
  });
}

function unknown(): Problem {
  return new Problem('not_found', { detail: 'there is no such destination' });
}

function typeOf(destinations: DestinationRegistry, name: string): Destination {
  const type = destinations.find(name);
  if (type) return type;
  const names = destinations.all().map((known) => known.type);
  throw new Problem('bad_request', { field: 'type', detail: `type must be one of ${names.join(', ')}` });
}

function readSwitch(name: string, given: unknown): boolean | undefined {
  if (given === undefined || given === null) return undefined;
  const values = checkFields([{ name, label: name, kind: 'boolean' }], { [name]: given });
  return values[name] === true;
}

/** What is stored for a new destination of this type. Throws `bad_request` naming the field. */
function readNew(ports: DestinationServicePorts, typeName: string, input: Record<string, unknown>) {
  const type = typeOf(ports.destinations, typeName);
  const { ordered, ...rest } = input;
  const { options, config } = splitOptions(rest);
  const values = checkConfig(ports, type, config);
  return { type, values, options, ordered: readSwitch('ordered', ordered) ?? false };
}

function checkConfig(
  ports: DestinationServicePorts,
  type: Destination,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const values = checkFields(type.fields, config);
  for (const field of type.fields) {
    const value = values[field.name];
    if (field.kind === 'url' && typeof value === 'string') checkAddress(ports, field.name, value);
  }
  type.check?.(values);
  return values;
}

/** Names are judged when they are resolved, at each connection; addresses that can be judged now are. */
function checkAddress({ guard }: DestinationServicePorts, field: string, text: string): void {
  const host = new URL(text).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const address = /(^|\.)localhost$/i.test(host) ? '127.0.0.1' : host;
  if (isIP(address) === 0 || guard.allows(address)) return;
  throw new Problem('bad_request', {
    field,
    detail: `${field} points into a private network; the operator can allow it with SOLUM_ALLOW_ADDRESSES`,
  });
}

async function sendTest(
  { store, clock, destinations, http, log }: DestinationServicePorts,
  environment: Environment,
  row: DestinationRow,
): Promise<Attempt> {
  const type = typeOf(destinations, row.type);
  const now = clock.now();
  const [config, secrets] = await Promise.all([
    store.destinations.config(environment.id, row.id),
    signingSecrets(store, row, now),
  ]);
  const delivery = testDelivery(environment, secrets, now);
  const sender = type.open(config, { http, log, timeoutMs: row.timeoutMs });
  try {
    const [attempt] = await sender.send([delivery], AbortSignal.timeout(row.timeoutMs + 1_000));
    if (!attempt) throw new Problem('internal', { detail: `destination type ${row.type} answered nothing` });
    return attempt;
  } finally {
    await sender.close();
  }
}

/** A health check in the form that receivers know, marked as a test. */
function testDelivery(environment: Environment, secrets: string[], now: Date): Delivery {
  const body = {
    type: 'healthcheck',
    status: 'success',
    test: true,
    creation_timestamp: formatInstant(now),
    trend_percentage: 0,
    sent_webhooks_last_hour: 0,
  };
  return {
    id: uuid4(),
    eventId: uuid4(),
    type: 'healthcheck',
    traceId: uuid4(),
    reference: uuid4(),
    devId: environment.devId,
    orderingTimestamp: now.getTime(),
    body: Buffer.from(JSON.stringify(body)),
    secrets,
    now: Math.floor(now.getTime() / 1000),
  };
}
