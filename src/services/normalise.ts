import type { Clock } from '../core/clock.ts';
import type { ConnectionWithAccount } from '../core/connection.ts';
import type { DataType } from '../core/data-type.ts';
import type { FileDecoder } from '../core/file-decoder.ts';
import type { LaneLease } from '../core/lanes.ts';
import type { Log } from '../core/log.ts';
import type { NewPayload } from '../core/payload.ts';
import type { LoadedProvider, ProviderRegistry } from '../core/provider.ts';
import type { RawRecord } from '../core/raw.ts';
import type { Aggregates, Store } from '../core/store.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { splitSamples } from '../schema/split-samples.ts';
import { announceData } from './data-events.ts';
import { type MadePayload, mapContextOf, mapRecords } from './map-records.ts';
import { openRaw } from './open-raw.ts';

/** Raw rows per transaction. Files among them may be large, and all are opened at once. */
const BATCH_ROWS = 10;
/** A provider whose folder is missing may come back with the next start. */
const PARK_MS = 3_600_000;

export interface NormalisePorts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  decoder: FileDecoder;
}

/** What the queue says about a lane that is being served. */
export interface LaneControl {
  readonly signal: AbortSignal;
  /** Return after the batch in hand. */
  readonly stopping: boolean;
}

export interface NormaliseService {
  /** Turns what waits in the lane of one connection into payloads and events, until nothing waits or it has to stop. */
  serve(lease: LaneLease, control: LaneControl): Promise<void>;
}

/** Raw → payload → event, for any provider. Each batch of raw rows and all that it causes is one transaction. */
export function createNormaliseService(ports: NormalisePorts): NormaliseService {
  const { store, clock } = ports;
  return {
    async serve(lease, control) {
      while (!control.stopping && !control.signal.aborted) {
        const rows = await store.raw.waiting(lease, clock.now(), BATCH_ROWS);
        const [first] = rows;
        const connection = first && (await store.connections.byId(first.environmentId, first.connectionId));
        if (!connection) return; // nothing waits, or the connection is being deleted with all that is its own
        await normaliseBatch(ports, connection, rows, control);
      }
    },
  };
}

async function normaliseBatch(
  ports: NormalisePorts,
  connection: ConnectionWithAccount,
  rows: RawRecord[],
  control: LaneControl,
): Promise<void> {
  const provider = ports.providers.find(connection.provider);
  if (!provider) return parkAll(ports, connection, rows);
  const outcome = await normaliseRows(ports, provider, connection, rows);
  // A lost lease: another worker has the rows. A stop: decoding may have been cut short.
  if (control.signal.aborted || (control.stopping && outcome.aside.size > 0)) return;
  const changed = await ports.store.transaction((tx) => keep(ports, tx, connection, rows, outcome));
  report(ports.log, connection, outcome, changed);
}

/** Finished payloads of a batch, and the rows of which something could not be used, with the reason. */
interface Outcome {
  made: MadePayload[];
  aside: Map<RawRecord, string>;
}

async function normaliseRows(
  { decoder }: NormalisePorts,
  provider: LoadedProvider,
  connection: ConnectionWithAccount,
  rows: RawRecord[],
): Promise<Outcome> {
  const aside = new Map<RawRecord, string>();
  const members = [];
  for (const row of rows) {
    const opened = await openRaw(provider, decoder, row);
    if ('refused' in opened) aside.set(row, opened.refused);
    else members.push(...opened.records.map((record) => ({ resource: row.resource, record, source: row.id })));
  }
  const { made, unmade } = mapRecords(provider, members, mapContextOf(provider.id, connection.account));
  const useful = new Set(made.flatMap((one) => one.sources));
  for (const { kind, reason, sources } of unmade) {
    // What holds nothing for us beside what does (settings chained to a workout) is no fault of the row.
    const concerned = rows.filter((row) => sources.includes(row.id) && (kind === 'failed' || !useful.has(row.id)));
    for (const row of concerned) if (!aside.has(row)) aside.set(row, reason);
  }
  return { made, aside };
}

/** Stores what changed, announces it and takes the rows out of the lane. Answers how many payloads changed. */
async function keep(
  { clock }: NormalisePorts,
  tx: Aggregates,
  connection: ConnectionWithAccount,
  rows: RawRecord[],
  { made, aside }: Outcome,
): Promise<number> {
  const { environmentId, id } = connection;
  const changed = new Map<DataType, Record<string, unknown>[]>();
  for (const { type, payload, sources } of byStart(made)) {
    const { summary, samples } = splitSamples(payload.body);
    const stored: NewPayload = {
      connectionId: id,
      type,
      key: payload.key,
      day: payload.day,
      start: payload.start,
      end: payload.end,
      summary: canonicalJson(summary),
      samples: samples && canonicalJson(samples),
      sources,
      updatedAt: clock.now(),
    };
    if (await tx.payloads.unchanged(environmentId, stored)) continue;
    await tx.payloads.upsert(environmentId, stored);
    changed.set(type, [...(changed.get(type) ?? []), payload.body]);
  }
  for (const [type, bodies] of changed) await announceData(tx, clock, connection, type, bodies);
  for (const [row, reason] of aside) await tx.raw.setAside(environmentId, row, reason);
  await tx.raw.done(
    environmentId,
    rows.filter((row) => !aside.has(row)),
  );
  return [...changed.values()].reduce((sum, bodies) => sum + bodies.length, 0);
}

/** Oldest first; of two payloads with one key the later one stands. */
function byStart(made: MadePayload[]): MadePayload[] {
  const newest = new Map(made.map((one) => [JSON.stringify([one.type, one.payload.key]), one]));
  return [...newest.values()].sort((a, b) => startOf(a) - startOf(b));
}

function startOf({ payload }: MadePayload): number {
  return payload.start?.getTime() ?? Date.parse(`${payload.day}T00:00:00Z`);
}

async function parkAll({ store, clock, log }: NormalisePorts, connection: ConnectionWithAccount, rows: RawRecord[]) {
  const { environmentId, provider } = connection;
  log.warn({ environmentId, provider, rows: rows.length }, 'records wait for a provider that is not loaded');
  const dueAt = new Date(clock.now().getTime() + PARK_MS);
  for (const row of rows) await store.raw.park(environmentId, row, dueAt, 'the provider is not loaded');
}

function report(log: Log, connection: ConnectionWithAccount, { made, aside }: Outcome, changed: number): void {
  const { environmentId, provider } = connection;
  for (const [row, reason] of aside) {
    log.warn({ environmentId, provider, resource: row.resource, raw: row.id, reason }, 'a record was set aside');
  }
  log.info({ environmentId, provider, payloads: made.length, changed }, 'records normalised');
}
