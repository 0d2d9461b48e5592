import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, Grant } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ProviderClient } from '../core/outbound.ts';
import type { ProviderRegistry } from '../core/provider.ts';
import type { AccountRef, Store } from '../core/store.ts';
import { type Backoff, backoffSeconds } from '../lib/backoff.ts';
import { uuid4 } from '../lib/ids.ts';
import { degrade } from './degrade.ts';
import { isRefreshable, refreshDueAt, renewed } from './grant.ts';
import { clientCredentials, type GrantProvider, hasGrant } from './provider-access.ts';
import { type RefreshAnswer, requestRefresh } from './refresh-request.ts';

export interface RefreshPorts {
  store: Store;
  clock: Clock;
  log: Log;
  providers: ProviderRegistry;
  client: ProviderClient;
}

export type TokenAnswer = { accessToken: string } | { failed: 'needs_reconnecting' | 'unavailable' };

export interface RefreshService {
  /**
   * A valid access token, refreshed first where needed. `rejected` is one that the provider has just refused: the
   * stored token is then renewed even though its time has not come.
   */
  token(ref: AccountRef, options?: { rejected?: string }): Promise<TokenAnswer>;
  /** Refreshes what is due; called by the tick. Answers how many accounts it looked at. */
  runDue(): Promise<number>;
}

/** Longer than two requests of 15 s and the writing of their result. */
const LEASE_SECONDS = 60;
const WAIT_STEP_MS = 100;
const WAIT_STEPS = 450;
const SAVE_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000];
const BACKOFF: Backoff = { baseSeconds: 30, capSeconds: 3_600, jitter: 0.1 };
const DUE_BATCH = 200;
const DUE_AT_ONCE = 8;

interface State extends RefreshPorts {
  running: Map<string, Promise<TokenAnswer>>;
  /** Failures in a row by account, as this process saw them. When to ask again stands in the store, for all processes. */
  failures: Map<string, number>;
}

/** Access tokens for everything that calls providers. One refresh per account at a time, in all processes together. */
export function createRefreshService(ports: RefreshPorts): RefreshService {
  const state: State = { ...ports, running: new Map(), failures: new Map() };
  return {
    token: (ref, options) => token(state, ref, options?.rejected),
    runDue: () => runDue(state),
  };
}

/** An account with what a refresh needs of it. */
interface Held {
  ref: AccountRef;
  account: Account;
  grant: Grant;
  provider: GrantProvider;
}

async function token(state: State, ref: AccountRef, rejected: string | undefined): Promise<TokenAnswer> {
  const held = await load(state, ref);
  if ('failed' in held) return held;
  if (isFresh(state, held, rejected)) return { accessToken: held.grant.token.accessToken };
  const answer = await (state.running.get(ref.accountId) ?? start(state, ref, rejected));
  const isRejected = 'accessToken' in answer && answer.accessToken === rejected;
  return isRejected ? { failed: 'unavailable' } : answer;
}

function start(state: State, ref: AccountRef, rejected: string | undefined): Promise<TokenAnswer> {
  const running = refreshAlone(state, ref, rejected).finally(() => state.running.delete(ref.accountId));
  state.running.set(ref.accountId, running);
  return running;
}

async function load(state: State, ref: AccountRef): Promise<Held | { failed: 'needs_reconnecting' | 'unavailable' }> {
  const account = await state.store.accounts.byId(ref.environmentId, ref.accountId);
  if (account?.state !== 'active') return { failed: 'needs_reconnecting' };
  const grant = await state.store.accounts.grant(ref);
  if (!grant) return { failed: 'needs_reconnecting' };
  const provider = state.providers.find(account.provider);
  if (!provider || !hasGrant(provider)) return { failed: 'unavailable' };
  return { ref, account, grant, provider };
}

function isFresh(state: State, { grant, provider }: Held, rejected: string | undefined): boolean {
  if (grant.token.accessToken === rejected) return false;
  const due = refreshDueAt(provider.auth, grant);
  return due === undefined || state.clock.now() < due;
}

/** Takes the account's lease, or waits (holding nothing) until whoever has it is done. */
async function refreshAlone(state: State, ref: AccountRef, rejected: string | undefined): Promise<TokenAnswer> {
  const lease = uuid4();
  for (let step = 0; step < WAIT_STEPS; step += 1) {
    const now = state.clock.now();
    const until = new Date(now.getTime() + LEASE_SECONDS * 1000);
    if (await state.store.accounts.claimRefresh(ref, lease, now, until)) {
      try {
        return await refreshClaimed(state, ref, rejected);
      } finally {
        await state.store.accounts.releaseRefresh(ref, lease);
      }
    }
    await sleep(WAIT_STEP_MS);
    const held = await load(state, ref);
    if ('failed' in held) return held;
    if (isFresh(state, held, rejected)) return { accessToken: held.grant.token.accessToken };
  }
  return { failed: 'unavailable' };
}

async function refreshClaimed(state: State, ref: AccountRef, rejected: string | undefined): Promise<TokenAnswer> {
  // Whoever had the lease before may have renewed the grant: what was read before the claim says nothing.
  const held = await load(state, ref);
  if ('failed' in held) return held;
  if (isFresh(state, held, rejected)) return { accessToken: held.grant.token.accessToken };
  if (!isRefreshable(held.provider.auth, held.grant)) return giveUp(state, held);
  if (await isPostponed(state, held)) return stillUsable(state, held, rejected);
  const answer = await ask(state, held);
  if ('token' in answer) return keep(state, held, answer);
  if ('dead' in answer) return giveUp(state, held);
  await postpone(state, held, answer);
  return stillUsable(state, held, rejected);
}

/** Whether somebody asked in vain and it is not yet time to ask again: the store then has another time than the grant. */
async function isPostponed(state: State, { ref, grant, provider }: Held): Promise<boolean> {
  const stored = await state.store.accounts.refreshDueAt(ref);
  const planned = refreshDueAt(provider.auth, grant);
  return stored !== undefined && state.clock.now() < stored && stored.getTime() !== planned?.getTime();
}

async function ask(state: State, { account, grant, provider, ref }: Held): Promise<RefreshAnswer> {
  const credentials = await clientCredentials(state.store, ref.environmentId, provider, account.transport);
  if (!credentials) return { later: 'no client credentials' };
  const route = { client: state.client, provider, transport: account.transport };
  return requestRefresh(route, account, grant, credentials, state.clock);
}

/** Stores the new grant before anyone uses it: what was rotated must not be lost. */
async function keep(
  state: State,
  held: Held,
  answer: { token: RefreshAnswerToken; askedAt: Date },
): Promise<TokenAnswer> {
  const grant = renewed(held.grant, answer.token, answer.askedAt);
  const kept = await persistently(state, held, () => save(state, held, grant));
  state.failures.delete(held.ref.accountId);
  return kept ? { accessToken: kept.token.accessToken } : { failed: 'needs_reconnecting' };
}

type RefreshAnswerToken = Extract<RefreshAnswer, { token: unknown }>['token'];

/**
 * Answers the grant that is stored afterwards: a newer one, made by reconnecting meanwhile, wins; undefined when the
 * account was disconnected meanwhile.
 */
function save(state: State, { ref, grant: before, provider }: Held, grant: Grant): Promise<Grant | undefined> {
  return state.store.transaction(async (tx) => {
    // Writes the row first, so that it is locked while the grant is compared.
    await tx.accounts.postponeRefresh(ref, undefined);
    const current = await tx.accounts.grant(ref);
    if (!current) return undefined;
    const kept = current.version > before.version ? current : grant;
    await tx.accounts.saveGrant(ref, kept, refreshDueAt(provider.auth, kept));
    return kept;
  });
}

/** A rotated token exists nowhere else, so a database that is away for a moment is waited for. */
async function persistently<T>(state: State, held: Held, work: () => Promise<T>): Promise<T> {
  for (const delayMs of SAVE_DELAYS_MS) {
    try {
      return await work();
    } catch {
      state.log.error({ accountId: held.ref.accountId, delayMs }, 'a renewed grant could not be stored, trying again');
      await sleep(delayMs);
    }
  }
  return work();
}

async function giveUp(state: State, { ref, grant, provider }: Held): Promise<TokenAnswer> {
  const isDegraded = await degrade(state.store, state.clock, ref, grant.version);
  state.failures.delete(ref.accountId);
  if (isDegraded) state.log.warn({ provider: provider.id, accountId: ref.accountId }, 'the grant is gone');
  return { failed: 'needs_reconnecting' };
}

async function postpone(state: State, held: Held, answer: Extract<RefreshAnswer, { later: string }>): Promise<void> {
  const { ref, provider } = held;
  const failures = (state.failures.get(ref.accountId) ?? 0) + 1;
  const seconds = backoffSeconds(BACKOFF, failures, Math.random(), answer.retryAfterSeconds);
  const retryAt = new Date(state.clock.now().getTime() + seconds * 1000);
  state.failures.set(ref.accountId, failures);
  await state.store.accounts.postponeRefresh(ref, retryAt);
  const { later: reason, status } = answer;
  state.log.warn({ provider: provider.id, accountId: ref.accountId, reason, status, retryAt }, 'refresh put off');
}

/** A token that is due but has not run out serves until the provider is back. */
function stillUsable(state: State, { grant }: Held, rejected: string | undefined): TokenAnswer {
  const { accessToken } = grant.token;
  const isValid = grant.expiresAt === undefined || state.clock.now() < grant.expiresAt;
  return isValid && accessToken !== rejected ? { accessToken } : { failed: 'unavailable' };
}

async function runDue(state: State): Promise<number> {
  const refs = await state.store.accounts.dueRefreshes(state.clock.now(), DUE_BATCH);
  const queue = [...refs];
  const workers = Array.from({ length: Math.min(DUE_AT_ONCE, queue.length) }, async () => {
    for (let ref = queue.shift(); ref; ref = queue.shift()) await refreshDue(state, ref);
  });
  await Promise.all(workers);
  return refs.length;
}

async function refreshDue(state: State, ref: AccountRef): Promise<void> {
  const held = await load(state, ref);
  if ('failed' in held) {
    // Its provider is not installed, or there is nothing to refresh: an hour is soon enough to look again.
    const later = held.failed === 'unavailable' ? new Date(state.clock.now().getTime() + 3_600_000) : undefined;
    await state.store.accounts.postponeRefresh(ref, later);
    return;
  }
  if (isFresh(state, held, undefined)) {
    // It was put off after a refusal that is over, and its own time has not come.
    await state.store.accounts.postponeRefresh(ref, refreshDueAt(held.provider.auth, held.grant));
    return;
  }
  await token(state, ref, undefined);
}
