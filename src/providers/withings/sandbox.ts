import type {
  Person,
  SandboxAnswer,
  SandboxFarm,
  SandboxProvider,
  SandboxRequest,
  SandboxTokenRules,
  SandboxTokens,
} from '../../core/sandbox.ts';
import { equalsConstantTime, hmac, sha256 } from '../../lib/hash.ts';

const SCOPES = ['user.info', 'user.metrics', 'user.activity', 'user.sleepevents'];

const HOUR = 3600;
/** Three hours of access, a year of refresh, eight hours for the token before (Withings token docs). */
const RULES: SandboxTokenRules = {
  accessSeconds: 3 * HOUR,
  refreshSeconds: 365 * 24 * HOUR,
  rotation: 'grace',
  graceSeconds: 8 * HOUR,
};
const CODE_SECONDS = 30;
const NONCE = { kind: 'nonce_token', lifeSeconds: 1800 } as const;

/** Statuses of the envelope. */
const STATUS = {
  forbidden: 277,
  unauthenticated: 401,
  invalid: 503,
  timedOut: 522,
  tooMany: 601,
  unknownAction: 2554,
} as const;

const sandbox: SandboxProvider = {
  id: 'WITHINGS',
  hosts: ['https://account.withings.com', 'https://wbsapi.withings.net'],
  async handle(request, farm) {
    const { host, pathname } = request.url;
    if (host === 'account.withings.com' && pathname === '/oauth2_user/authorize2') return authorize(request, farm);
    if (host !== 'wbsapi.withings.net') return { status: 404, text: 'Not Found' };
    const service = SERVICES[pathname];
    if (!service) return { status: 404, text: 'Not Found' };
    // Parameters are read from the form and from the query alike.
    const fields = { ...request.query, ...request.form };
    const action = service[fields.action ?? ''];
    return action ? action({ ...request, form: fields }, farm) : failed(STATUS.unknownAction, 'Unknown action');
  },
  async decide(consent, decision, farm): Promise<Record<string, string>> {
    if (!decision.allowed) return { error: 'access_denied' };
    return { code: await farm.oauth.issueCode(consent, decision, CODE_SECONDS) };
  },
  failed: ({ kind }) =>
    kind === 'rate_limited' ? failed(STATUS.tooMany, 'Too Many Requests') : failed(STATUS.timedOut, 'Timeout'),
};

export default sandbox;

type Action = (request: SandboxRequest, farm: SandboxFarm) => Promise<SandboxAnswer>;

const SERVICES: Record<string, Record<string, Action>> = {
  '/v2/oauth2': { requesttoken: requestToken, revoke },
  '/v2/signature': { getnonce: getNonce },
  '/v2/user': { getdevice: getDevice },
};

async function authorize({ query, method }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  if (method !== 'GET') return { status: 405, text: 'Method Not Allowed' };
  const read = await farm.oauth.authorize(query, ',');
  if ('refused' in read) return { status: 400, text: `The authorisation request is not valid: ${read.refused}.` };
  const { scopes } = read.consent;
  if (scopes.length === 0 || scopes.some((scope) => !SCOPES.includes(scope))) {
    return { status: 400, text: 'The authorisation request is not valid: scope.' };
  }
  return read;
}

async function requestToken({ form }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  if (await farm.oauth.dropsAnswer('before')) return { drop: true };
  if (!(await farm.oauth.client(form.client_id, form.client_secret))) {
    return failed(STATUS.invalid, 'Invalid Params: invalid client id/secret');
  }
  const parameter = { authorization_code: 'code', refresh_token: 'refresh_token' }[form.grant_type ?? ''];
  if (!parameter) return failed(STATUS.invalid, 'Invalid Params: invalid grant_type');
  const tokens = await issue(form, farm);
  const person = tokens && farm.person(tokens.grant.person);
  if (!tokens || !person) return failed(STATUS.invalid, `Invalid Params: invalid ${parameter}`);
  if (await farm.oauth.dropsAnswer('after')) return { drop: true };
  return succeeded({
    userid: userId(person),
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expires_in: tokens.expiresIn,
    scope: tokens.grant.scopes.join(','),
    csrf_token: farm.secret(),
    token_type: 'Bearer',
  });
}

async function issue(form: Record<string, string>, farm: SandboxFarm): Promise<SandboxTokens | undefined> {
  const clientId = form.client_id ?? '';
  if (form.grant_type === 'refresh_token') return farm.oauth.refresh(form.refresh_token, clientId, RULES);
  const grant = await farm.oauth.redeemCode(form.code, { clientId, redirectUri: form.redirect_uri });
  return grant && farm.oauth.issueTokens(grant, RULES);
}

async function getNonce({ form }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const { action = '', client_id: clientId = '', timestamp = '' } = form;
  if (!(await isSigned(farm, clientId, [action, clientId, timestamp], form.signature))) return unsigned();
  const nonce = farm.secret();
  await farm.put(NONCE.kind, nonce, { clientId }, NONCE.lifeSeconds);
  return succeeded({ nonce });
}

async function revoke({ form }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const { action = '', client_id: clientId = '', nonce = '' } = form;
  if (!(await isSigned(farm, clientId, [action, clientId, nonce], form.signature))) return unsigned();
  const known = await farm.take(NONCE.kind, nonce);
  if (known?.clientId !== clientId) return failed(STATUS.invalid, 'Invalid Params: invalid nonce');
  const person = farm.people.find((candidate) => String(userId(candidate)) === form.userid);
  if (!person) return failed(STATUS.invalid, 'Invalid Params: invalid userid');
  const grants = await farm.oauth.grants({ clientId, person: person.key });
  await Promise.all(grants.map(({ id }) => farm.oauth.revoke(id)));
  return succeeded({});
}

/** Hex HMAC-SHA256 under the client secret over the values, which are given in the order of their names. */
async function isSigned(
  farm: SandboxFarm,
  clientId: string,
  values: string[],
  signature: string | undefined,
): Promise<boolean> {
  const secret = (await farm.client(clientId))?.client_secret;
  if (!secret || signature === undefined) return false;
  return equalsConstantTime(signature, hmac('sha256', secret, values.join(',')).toString('hex'));
}

function unsigned(): SandboxAnswer {
  return failed(STATUS.invalid, 'Invalid Params: invalid signature');
}

async function getDevice({ headers }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const grant = await farm.oauth.access(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]);
  if (!grant) return failed(STATUS.unauthenticated, 'invalid_token');
  if (!grant.scopes.includes('user.info')) return failed(STATUS.forbidden, 'insufficient_scope');
  return succeeded({ devices: [] });
}

/** Eight digits, always the same for a person. */
function userId({ key }: Person): number {
  return 10_000_000 + (sha256(`withings ${key}`).readUInt32BE(0) % 90_000_000);
}

function succeeded(body: Record<string, unknown>): SandboxAnswer {
  return { status: 200, json: { status: 0, body } };
}

/** HTTP says 200 whatever happened. */
function failed(status: number, error: string): SandboxAnswer {
  return { status: 200, json: { status, body: {}, error } };
}
