import type { FailureSwitch } from '../core/sandbox.ts';
import type { SandboxStore } from '../core/store.ts';
import { SWITCH } from './oauth.ts';

const LONGEST_SECONDS = 3600;

interface SwitchAnswer {
  status: number;
  json: unknown;
}

/** All providers of the farm with the switch that is on, or null. */
export async function readSwitches(store: SandboxStore, providers: string[], now: Date): Promise<SwitchAnswer> {
  const rows = await Promise.all(
    providers.map(async (provider) => {
      const value = await store.get(provider, SWITCH.kind, SWITCH.key, now);
      return [provider, value ?? null];
    }),
  );
  return { status: 200, json: { switches: Object.fromEntries(rows) } };
}

/**
 * Sets or clears (`switch: null`) one provider's failure. Only `application/json` is read: a page of another origin
 * cannot send that without asking first, so it cannot turn switches in the operator's browser.
 */
export async function setSwitch(
  store: SandboxStore,
  providers: string[],
  request: { contentType: string; body: unknown },
  now: Date,
): Promise<SwitchAnswer> {
  if (!/^application\/json\b/i.test(request.contentType)) return refusal(415, 'send application/json');
  const { body } = request;
  if (!isObject(body)) return refusal(400, 'send {"provider", "switch"}');
  const provider = providers.find((id) => id === String(body.provider).toUpperCase());
  if (!provider) return refusal(404, 'provider: no simulated provider has this code');
  if (body.switch === null) {
    await store.take(provider, SWITCH.kind, SWITCH.key, now);
    return { status: 200, json: { provider, switch: null } };
  }
  const failure = readSwitch(body.switch);
  if (!failure) return refusal(400, 'switch: not a failure switch');
  await store.put(provider, SWITCH.kind, SWITCH.key, { ...failure }, undefined);
  return { status: 200, json: { provider, switch: failure } };
}

function readSwitch(value: unknown): FailureSwitch | undefined {
  if (!isObject(value)) return undefined;
  switch (value.kind) {
    case 'down':
    case 'server_error':
    case 'revoked':
      return { kind: value.kind };
    case 'slow':
      return isCount(value.seconds, 0) ? { kind: 'slow', seconds: value.seconds } : undefined;
    case 'rate_limited':
      return isCount(value.retryAfter, 0) ? { kind: 'rate_limited', retryAfter: value.retryAfter } : undefined;
    case 'drop_token_answer': {
      const { consumed, times } = value;
      return typeof consumed === 'boolean' && isCount(times, 1) ? { kind: value.kind, consumed, times } : undefined;
    }
    default:
      return undefined;
  }
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= LONGEST_SECONDS;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusal(status: number, error: string): SwitchAnswer {
  return { status, json: { error } };
}
