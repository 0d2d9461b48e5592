import { beforeEach, describe, expect, test } from 'vitest';
import type { Consent, SandboxFarm, SandboxTokenRules } from '../core/sandbox.ts';
import { sha256 } from '../lib/hash.ts';
import { createFarm } from './farm.ts';
import { CLIENT, memoryStore, OTHER_CLIENT } from './gate.fixture.ts';

const REDIRECT_URI = 'https://app.example.com/back';
const time = { now: new Date('2026-03-02T10:00:00Z') };
const HOUR = 3600;

let farm: SandboxFarm;

beforeEach(() => {
  time.now = new Date('2026-03-02T10:00:00Z');
  let count = 0;
  farm = createFarm('ACME', {
    store: memoryStore().store,
    clients: async (_provider, id) => [CLIENT, OTHER_CLIENT].find(({ client_id }) => client_id === id),
    clock: { now: () => time.now },
    random: () => `secret-${++count}`,
  });
});

function advance(seconds: number): void {
  time.now = new Date(time.now.getTime() + seconds * 1000);
}

async function code(extra?: Record<string, string>): Promise<string> {
  const consent: Consent = {
    clientId: CLIENT.client_id,
    redirectUri: REDIRECT_URI,
    state: 's',
    scopes: ['a', 'b'],
    ...(extra && { extra }),
  };
  return farm.oauth.issueCode(consent, { person: 'rohan-mehta', allowed: true, scopes: ['a'] }, 30);
}

const by = { clientId: CLIENT.client_id, redirectUri: REDIRECT_URI };

async function connected(rules: SandboxTokenRules) {
  const grant = await farm.oauth.redeemCode(await code(), by);
  if (!grant) throw new Error('the code was refused');
  return farm.oauth.issueTokens(grant, rules);
}

const refresh = (token: string | undefined, rules: SandboxTokenRules) =>
  farm.oauth.refresh(token, CLIENT.client_id, rules);

describe('client', () => {
  test.each([
    [CLIENT.client_id, CLIENT.client_secret, true],
    [CLIENT.client_id, 'secret-2', false],
    [CLIENT.client_id, undefined, false],
    ['nobody', 'secret-1', false],
    [undefined, undefined, false],
  ])('%s with %s: %s', async (id, secret, known) => {
    expect((await farm.oauth.client(id, secret)) !== undefined).toBe(known);
  });
});

describe('code', () => {
  test('gives the grant of who decided, with the scopes that were left on', async () => {
    expect(await farm.oauth.redeemCode(await code(), by)).toMatchObject({
      clientId: CLIENT.client_id,
      person: 'rohan-mehta',
      scopes: ['a'],
    });
  });

  test('works once', async () => {
    const given = await code();
    await farm.oauth.redeemCode(given, by);
    expect(await farm.oauth.redeemCode(given, by)).toBeUndefined();
  });

  test('runs out', async () => {
    const given = await code();
    advance(30);
    expect(await farm.oauth.redeemCode(given, by)).toBeUndefined();
  });

  test('is of no use to another client or at another address, and is used up by the attempt', async () => {
    const first = await code();
    expect(await farm.oauth.redeemCode(first, { ...by, clientId: OTHER_CLIENT.client_id })).toBeUndefined();
    expect(await farm.oauth.redeemCode(first, by)).toBeUndefined();
    const second = await code();
    expect(await farm.oauth.redeemCode(second, { ...by, redirectUri: `${REDIRECT_URI}/` })).toBeUndefined();
    expect(await farm.oauth.redeemCode(second, by)).toBeUndefined();
  });

  test('with a challenge needs the verifier', async () => {
    const codeVerifier = 'a verifier of some length, forty-three at least';
    const extra = { codeChallenge: sha256(codeVerifier).toString('base64url') };
    expect(await farm.oauth.redeemCode(await code(extra), by)).toBeUndefined();
    expect(await farm.oauth.redeemCode(await code(extra), { ...by, codeVerifier: 'other' })).toBeUndefined();
    expect(await farm.oauth.redeemCode(await code(extra), { ...by, codeVerifier })).toBeDefined();
  });
});

describe('access token', () => {
  const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'never' };

  test('says whose it is until it runs out', async () => {
    const { accessToken, refreshToken } = await connected(rules);
    expect(refreshToken).toBeUndefined();
    expect(await farm.oauth.access(accessToken)).toMatchObject({ person: 'rohan-mehta' });
    advance(HOUR);
    expect(await farm.oauth.access(accessToken)).toBeUndefined();
  });

  test('dies with its grant', async () => {
    const { accessToken, grant } = await connected(rules);
    expect(await farm.oauth.grants({ clientId: CLIENT.client_id, person: 'rohan-mehta' })).toEqual([grant]);
    expect(await farm.oauth.grants({ clientId: OTHER_CLIENT.client_id, person: 'rohan-mehta' })).toEqual([]);
    await farm.oauth.revoke(grant.id);
    expect(await farm.oauth.access(accessToken)).toBeUndefined();
  });

  test('is dead while the provider takes every grant for revoked', async () => {
    const { accessToken } = await connected(rules);
    await farm.put('switch', 'current', { kind: 'revoked' });
    expect(await farm.oauth.access(accessToken)).toBeUndefined();
  });
});

describe('refresh', () => {
  test('kept: the same refresh token goes on', async () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'kept' };
    const { refreshToken } = await connected(rules);
    const next = await refresh(refreshToken, rules);
    expect(next?.refreshToken).toBe(refreshToken);
    expect(await refresh(refreshToken, rules)).toBeDefined();
  });

  test('single use: the old one is dead at once, the new one works', async () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'single_use' };
    const { refreshToken } = await connected(rules);
    const next = await refresh(refreshToken, rules);
    expect(await refresh(refreshToken, rules)).toBeUndefined();
    expect(await refresh(next?.refreshToken, rules)).toBeDefined();
  });

  test('single use: of two at the same moment one gets tokens', async () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'single_use' };
    const { refreshToken } = await connected(rules);
    const both = await Promise.all([refresh(refreshToken, rules), refresh(refreshToken, rules)]);
    expect(both.filter((tokens) => tokens !== undefined)).toHaveLength(1);
  });

  test('another client cannot use it', async () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'kept' };
    const { refreshToken } = await connected(rules);
    expect(await farm.oauth.refresh(refreshToken, OTHER_CLIENT.client_id, rules)).toBeUndefined();
  });

  test('it runs out where the provider says so', async () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, refreshSeconds: 2 * HOUR, rotation: 'kept' };
    const { refreshToken } = await connected(rules);
    advance(2 * HOUR);
    expect(await refresh(refreshToken, rules)).toBeUndefined();
  });

  describe('with grace', () => {
    const rules: SandboxTokenRules = { accessSeconds: HOUR, rotation: 'grace', graceSeconds: 8 * HOUR };

    test('the old one can be repeated while its grace lasts, as often as answers get lost', async () => {
      const { refreshToken } = await connected(rules);
      await refresh(refreshToken, rules);
      advance(4 * HOUR);
      expect(await refresh(refreshToken, rules)).toBeDefined();
      const third = await refresh(refreshToken, rules);
      expect(await refresh(third?.refreshToken, rules)).toBeDefined();
    });

    test('a repetition does not make the grace longer', async () => {
      const { refreshToken } = await connected(rules);
      await refresh(refreshToken, rules);
      advance(5 * HOUR);
      await refresh(refreshToken, rules);
      advance(3 * HOUR);
      expect(await refresh(refreshToken, rules)).toBeUndefined();
    });

    test('it ends when the new access token is used', async () => {
      const { refreshToken } = await connected(rules);
      const next = await refresh(refreshToken, rules);
      await farm.oauth.access(next?.accessToken);
      expect(await refresh(refreshToken, rules)).toBeUndefined();
      expect(await refresh(next?.refreshToken, rules)).toBeDefined();
    });

    test('using the old access token does not end it', async () => {
      const { accessToken, refreshToken } = await connected(rules);
      await refresh(refreshToken, rules);
      expect(await farm.oauth.access(accessToken)).toBeDefined();
      expect(await refresh(refreshToken, rules)).toBeDefined();
    });

    test('a token two rotations old is dead', async () => {
      const { refreshToken } = await connected(rules);
      const second = await refresh(refreshToken, rules);
      await refresh(second?.refreshToken, rules);
      expect(await refresh(refreshToken, rules)).toBeUndefined();
      expect(await refresh(second?.refreshToken, rules)).toBeDefined();
    });
  });
});

describe('dropped token answers', () => {
  test('count down at their own moment and then stop', async () => {
    await farm.put('switch', 'current', { kind: 'drop_token_answer', consumed: true, times: 2 });
    expect(await farm.oauth.dropsAnswer('before')).toBe(false);
    expect(await farm.oauth.dropsAnswer('after')).toBe(true);
    expect(await farm.oauth.dropsAnswer('after')).toBe(true);
    expect(await farm.oauth.dropsAnswer('after')).toBe(false);
    expect(await farm.failure()).toBeUndefined();
  });
});
