import type {
  Consent,
  SandboxFarm,
  SandboxGrant,
  SandboxOAuth,
  SandboxTokenRules,
  SandboxTokens,
} from '../core/sandbox.ts';
import { equalsConstantTime, sha256 } from '../lib/hash.ts';

/** Everything of a farm but the OAuth parts, which are built on it. */
export type FarmState = Omit<SandboxFarm, 'oauth'>;

/** Kind and key under which a provider's failure switch is kept. */
export const SWITCH = { kind: 'switch', key: 'current' } as const;

type Row = Record<string, unknown>;

/** The parts of an OAuth 2.0 server over a farm's state. One set per provider: nobody sees another's tokens. */
export function createSandboxOAuth(farm: FarmState): SandboxOAuth {
  return {
    client: (clientId, secret) => findClient(farm, clientId, secret),
    authorize: (query, separator) => readAuthorize(farm, query, separator),
    issueCode: (consent, decision, lifeSeconds) => issueCode(farm, consent, decision, lifeSeconds),
    redeemCode: (code, by) => redeemCode(farm, code, by),
    issueTokens: (grant, rules) => issueTokens(farm, grant, rules, 0),
    refresh: (token, clientId, rules) => refresh(farm, token, clientId, rules),
    access: (token) => access(farm, token),
    revoke: async (grantId) => void (await farm.take('grant', grantId)),
    grants: (of) => grantsOf(farm, of),
    dropsAnswer: (moment) => dropsAnswer(farm, moment),
  };
}

async function findClient(farm: FarmState, clientId: string | undefined, secret: string | undefined) {
  const client = clientId ? await farm.client(clientId) : undefined;
  const known = client?.client_secret;
  return known && secret !== undefined && equalsConstantTime(secret, known) ? client : undefined;
}

async function readAuthorize(farm: FarmState, query: Record<string, string>, separator: string) {
  const clientId = query.client_id ?? '';
  if (!clientId || !(await farm.client(clientId))) return { refused: 'client_id' as const };
  const redirectUri = query.redirect_uri ?? '';
  if (!isWebAddress(redirectUri)) return { refused: 'redirect_uri' as const };
  if (query.response_type !== 'code') return { refused: 'response_type' as const };
  const scopes = (query.scope ?? '').split(separator).filter((scope) => scope !== '');
  const consent: Consent = { clientId, redirectUri, state: query.state ?? '', scopes };
  if (query.code_challenge) consent.extra = { codeChallenge: query.code_challenge };
  return { consent };
}

/** The farm sends browsers only to web addresses: other schemes could run code in its own origin. */
export function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

async function issueCode(
  farm: FarmState,
  consent: Consent,
  decision: Parameters<SandboxOAuth['issueCode']>[1],
  lifeSeconds: number,
) {
  const code = farm.secret();
  const row = {
    clientId: consent.clientId,
    redirectUri: consent.redirectUri,
    person: decision.person,
    scopes: decision.scopes,
    codeChallenge: consent.extra?.codeChallenge,
  };
  await farm.put('code', code, row, lifeSeconds);
  return code;
}

/** A code is used up by whoever shows it, right or wrong (RFC 6749 §4.1.2, §10.5). */
async function redeemCode(farm: FarmState, code: string | undefined, by: Parameters<SandboxOAuth['redeemCode']>[1]) {
  const row = code ? await farm.take('code', code) : undefined;
  if (!row || row.clientId !== by.clientId || row.redirectUri !== by.redirectUri) return undefined;
  if (!challengeMet(row.codeChallenge, by.codeVerifier)) return undefined;
  const grant: SandboxGrant = {
    id: farm.secret(),
    clientId: by.clientId,
    person: String(row.person),
    scopes: texts(row.scopes),
  };
  await farm.put('grant', grant.id, { ...grant, generation: 0 });
  return grant;
}

/** S256 of RFC 7636 §4.6. */
function challengeMet(challenge: unknown, verifier: string | undefined): boolean {
  if (typeof challenge !== 'string') return true;
  return verifier !== undefined && equalsConstantTime(sha256(verifier).toString('base64url'), challenge);
}

/** `generation` counts the refreshes of a grant; tokens carry the one they were made in. */
async function issueTokens(
  farm: FarmState,
  grant: SandboxGrant,
  rules: SandboxTokenRules,
  generation: number,
): Promise<SandboxTokens> {
  const accessToken = farm.secret();
  const row = { grantId: grant.id, generation };
  await farm.put('access_token', accessToken, row, rules.accessSeconds);
  const issued = { accessToken, expiresIn: rules.accessSeconds, grant };
  if (rules.rotation === 'never') return issued;
  const refreshToken = farm.secret();
  await farm.put('refresh_token', refreshToken, row, rules.refreshSeconds);
  return { ...issued, refreshToken };
}

async function refresh(
  farm: FarmState,
  refreshToken: string | undefined,
  clientId: string,
  rules: SandboxTokenRules,
): Promise<SandboxTokens | undefined> {
  if (!refreshToken) return undefined;
  const find = rules.rotation === 'single_use' ? farm.take : farm.get;
  const row = await find('refresh_token', refreshToken);
  const stored = row && (await liveGrant(farm, row.grantId));
  if (!row || !stored || stored.grant.clientId !== clientId) return undefined;
  if (rules.rotation === 'kept') {
    const { refreshToken: _new, ...issued } = await issueTokens(farm, stored.grant, { ...rules, rotation: 'never' }, 0);
    return { ...issued, refreshToken };
  }
  if (rules.rotation === 'grace') return refreshWithGrace(farm, stored, Number(row.generation), rules);
  return issueTokens(farm, stored.grant, rules, Number(row.generation) + 1);
}

/** The newest token moves the grant on; the one before it may be repeated while its grace lasts. */
async function refreshWithGrace(
  farm: FarmState,
  { grant, row }: StoredGrant,
  generation: number,
  rules: SandboxTokenRules,
): Promise<SandboxTokens | undefined> {
  const now = farm.now().getTime();
  const newest = Number(row.generation);
  const repeats = generation === newest - 1 && now < Number(row.graceUntil ?? 0);
  if (generation !== newest && !repeats) return undefined;
  if (!repeats) {
    const graceUntil = now + (rules.graceSeconds ?? 0) * 1000;
    await farm.put('grant', grant.id, { ...row, generation: newest + 1, graceUntil });
  }
  return issueTokens(farm, grant, rules, repeats ? newest : newest + 1);
}

async function access(farm: FarmState, accessToken: string | undefined): Promise<SandboxGrant | undefined> {
  const row = accessToken ? await farm.get('access_token', accessToken) : undefined;
  const stored = row && (await liveGrant(farm, row.grantId));
  if (!row || !stored) return undefined;
  // Using the new access token proves that the rotation arrived: the old refresh token dies now.
  if (stored.row.graceUntil !== undefined && row.generation === stored.row.generation) {
    const { graceUntil: _over, ...settled } = stored.row;
    await farm.put('grant', stored.grant.id, settled);
  }
  return stored.grant;
}

interface StoredGrant {
  grant: SandboxGrant;
  row: Row;
}

async function liveGrant(farm: FarmState, grantId: unknown): Promise<StoredGrant | undefined> {
  if ((await farm.failure())?.kind === 'revoked') return undefined;
  const row = await farm.get('grant', String(grantId));
  return row && { grant: readGrant(row), row };
}

function readGrant(row: Row): SandboxGrant {
  return {
    id: String(row.id),
    clientId: String(row.clientId),
    person: String(row.person),
    scopes: texts(row.scopes),
  };
}

async function grantsOf(farm: FarmState, of: { clientId: string; person: string }): Promise<SandboxGrant[]> {
  const rows = await farm.list('grant');
  return rows
    .map(({ value }) => readGrant(value))
    .filter(({ clientId, person }) => clientId === of.clientId && person === of.person);
}

async function dropsAnswer(farm: FarmState, moment: 'before' | 'after'): Promise<boolean> {
  const failure = await farm.failure();
  if (failure?.kind !== 'drop_token_answer' || failure.consumed !== (moment === 'after')) return false;
  // Taking is atomic: of two requests at once only one counts the switch down.
  if (!(await farm.take(SWITCH.kind, SWITCH.key))) return false;
  if (failure.times > 1) await farm.put(SWITCH.kind, SWITCH.key, { ...failure, times: failure.times - 1 });
  return true;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
