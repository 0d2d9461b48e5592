import type { Clock } from '../core/clock.ts';
import type { Connection } from '../core/connection.ts';
import type { Environment } from '../core/environment.ts';
import type { FileDecoder } from '../core/file-decoder.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { LoadedProvider, ProviderRegistry } from '../core/provider.ts';
import type { NewRaw } from '../core/raw.ts';
import type { Aggregates, Store } from '../core/store.ts';
import { uuid4 } from '../lib/ids.ts';
import { isFull } from './connect/limit.ts';
import { announce } from './fanout.ts';
import { createFilePreview } from './preview.ts';
import {
  fileAccountOf,
  fileContext,
  fileProvider,
  type ReadFile,
  readFile,
  resultOf,
  type UsableFile,
} from './read-file.ts';
import type { ImportFile, ImportResult, ImportService } from './services.ts';
import { wireUser } from './wire-user.ts';

const LONGEST_REFERENCE_ID = 256;

export interface ImportPorts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  decoder: FileDecoder;
}

/** Takes device files: they are kept as raw records of the reference id's own connection and normalised from there. */
export function createImportService(ports: ImportPorts): ImportService {
  return {
    preview: createFilePreview(ports),
    async files(environment, referenceId, files) {
      checkReferenceId(referenceId);
      const provider = fileProvider(ports.providers);
      await refuseIfDisabled(ports.store, environment, provider);
      const reads = await readAll(ports, provider, referenceId, files);
      if (reads.every(({ read }) => 'refused' in read))
        return refuseAll(ports, environment, provider, referenceId, reads);
      return ports.store.transaction((tx) => keepAll(ports, tx, environment, provider, referenceId, reads));
    },
  };
}

interface FileRead {
  file: ImportFile;
  read: ReadFile;
}

type Imported = Awaited<ReturnType<ImportService['files']>>;

function checkReferenceId(referenceId: string): void {
  const problem =
    referenceId === '' ? 'is required' : referenceId.length > LONGEST_REFERENCE_ID ? 'is too long' : undefined;
  if (problem) throw new Problem('bad_request', { field: 'reference_id', detail: `reference_id ${problem}` });
}

async function refuseIfDisabled(store: Store, environment: Environment, provider: LoadedProvider): Promise<void> {
  const choice = await store.providerChoices.get(environment.id, provider.id);
  if (!choice.enabled) throw new Problem('provider_not_enabled');
}

async function readAll(
  { decoder }: ImportPorts,
  provider: LoadedProvider,
  referenceId: string,
  files: ImportFile[],
): Promise<FileRead[]> {
  if (files.length === 0) throw new Problem('bad_request', { field: 'file', detail: 'there is no file' });
  const context = fileContext(provider, referenceId);
  const reads: FileRead[] = [];
  for (const file of files) reads.push({ file, read: await readFile(provider, decoder, context, file.bytes) });
  return reads;
}

/** Nothing to keep: no connection is made for it, and nobody is told. */
async function refuseAll(
  { store }: ImportPorts,
  environment: Environment,
  provider: LoadedProvider,
  referenceId: string,
  reads: FileRead[],
): Promise<Imported> {
  const connection = await findConnection(store, environment, provider, referenceId);
  return { userId: connection?.userId, files: reads.map(({ file, read }) => resultOf(file, read, 'unchanged')) };
}

async function keepAll(
  { clock }: ImportPorts,
  tx: Aggregates,
  environment: Environment,
  provider: LoadedProvider,
  referenceId: string,
  reads: FileRead[],
): Promise<Imported> {
  const now = clock.now();
  const connection = await connectionOf(clock, tx, environment, provider, referenceId);
  const files: ImportResult[] = [];
  for (const { file, read } of reads) {
    const waits = 'refused' in read ? [] : await tx.raw.put(environment.id, [rawOf(connection, file, read, now)]);
    files.push(resultOf(file, read, waits.length > 0 ? 'accepted' : 'unchanged'));
  }
  const accepted = files.some((result) => result.outcome === 'accepted');
  if (accepted) await tx.lanes.wake('normalise', environment.id, [connection.id], now);
  return { userId: connection.userId, files };
}

function rawOf(connection: Connection, file: ImportFile, read: UsableFile, now: Date): NewRaw {
  return {
    connectionId: connection.id,
    resource: read.resource,
    identity: read.identity,
    day: '',
    version: now.toISOString(),
    body: file.bytes,
    encoding: read.format,
    receivedAt: now,
  };
}

async function findConnection(
  tx: Aggregates,
  environment: Environment,
  provider: LoadedProvider,
  referenceId: string,
): Promise<Connection | undefined> {
  const account = await tx.accounts.find(environment.id, provider.id, fileAccountOf(referenceId), 'live');
  if (!account) return undefined;
  const [connection] = await tx.connections.ofAccount(environment.id, account.id);
  return connection;
}

/** The reference id's connection; a new one is announced before anything else of it. Throws `user_limit`. */
async function connectionOf(
  clock: Clock,
  tx: Aggregates,
  environment: Environment,
  provider: LoadedProvider,
  referenceId: string,
): Promise<Connection> {
  await tx.connections.lockEnvironment(environment.id);
  const known = await findConnection(tx, environment, provider, referenceId);
  if (known) return known;
  if (await isFull(tx, environment)) throw new Problem('user_limit');
  const now = clock.now();
  const account = await tx.accounts.upsert({
    environmentId: environment.id,
    provider: provider.id,
    providerUserId: fileAccountOf(referenceId),
    transport: 'live',
    label: undefined,
    scopes: undefined,
    zone: undefined,
    memberId: uuid4(),
    now,
  });
  const made = { environmentId: environment.id, accountId: account.id, provider: provider.id, referenceId };
  const connection = await tx.connections.create({ ...made, userId: uuid4(), now });
  await announce(tx, clock, environment.id, {
    type: 'auth',
    isData: false,
    connectionId: connection.id,
    body: {
      type: 'auth',
      status: 'success',
      message: 'User has successfully authenticated',
      user: wireUser({ ...connection, account }),
      reference_id: referenceId,
      version: '2022-03-16',
    },
  });
  return connection;
}
