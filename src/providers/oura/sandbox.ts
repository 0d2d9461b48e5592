import type {
  SandboxAnswer,
  SandboxFarm,
  SandboxGrant,
  SandboxProvider,
  SandboxRequest,
  SandboxTokenRules,
  SandboxTokens,
} from '../../core/sandbox.ts';
import { uuid5 } from '../../lib/ids.ts';

const SCOPES = [
  'personal',
  'email',
  'daily',
  'heartrate',
  'workout',
  'session',
  'tag',
  'spo2',
  'stress',
  'heart_health',
  'ring_configuration',
];

/** Access for a day; a refresh token works once and its successor is in the answer (Oura authentication docs). */
const RULES: SandboxTokenRules = { accessSeconds: 86_400, rotation: 'single_use' };
const CODE_SECONDS = 600;

/** Any fixed UUID will do: it only keeps ids of this provider apart from those of others. */
const ID_NAMESPACE = 'b4b0d1f6-3e0f-5d4c-9a52-6a1f0a7c2e11';

const sandbox: SandboxProvider = {
  id: 'OURA',
  hosts: ['https://cloud.ouraring.com', 'https://api.ouraring.com'],
  handle(request, farm) {
    const route = ROUTES[`${request.method} ${request.url.host}${request.url.pathname}`];
    return route ? route(request, farm) : Promise.resolve(problem(404, 'Not Found'));
  },
  async decide(consent, decision, farm): Promise<Record<string, string>> {
    if (!decision.allowed) return { error: 'access_denied' };
    const code = await farm.oauth.issueCode(consent, decision, CODE_SECONDS);
    return { code, scope: decision.scopes.join(' ') };
  },
  failed: (failure) =>
    failure.kind === 'rate_limited'
      ? { ...problem(429, 'Rate limit exceeded'), headers: { 'retry-after': String(failure.retryAfter) } }
      : problem(500, 'Internal Server Error'),
};

export default sandbox;

type Route = (request: SandboxRequest, farm: SandboxFarm) => Promise<SandboxAnswer>;

const ROUTES: Record<string, Route> = {
  'GET cloud.ouraring.com/oauth/authorize': authorize,
  'POST api.ouraring.com/oauth/token': token,
  'POST api.ouraring.com/oauth/revoke': revoke,
  'GET api.ouraring.com/v2/usercollection/personal_info': personalInfo,
};

async function authorize({ query }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const read = await farm.oauth.authorize(query, ' ');
  if ('refused' in read) return { status: 400, text: `The authorisation request is not valid: ${read.refused}.` };
  const { consent } = read;
  if (consent.scopes.some((scope) => !SCOPES.includes(scope))) {
    const location = new URL(consent.redirectUri);
    location.searchParams.set('error', 'invalid_scope');
    location.searchParams.set('state', consent.state);
    return { status: 302, headers: { location: location.href } };
  }
  // Without a scope parameter the whole list is asked for.
  return { consent: consent.scopes.length > 0 ? consent : { ...consent, scopes: SCOPES } };
}

async function token({ form }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  if (await farm.oauth.dropsAnswer('before')) return { drop: true };
  if (!(await farm.oauth.client(form.client_id, form.client_secret))) return refusal(401, 'invalid_client');
  if (form.grant_type !== 'authorization_code' && form.grant_type !== 'refresh_token') {
    return refusal(400, 'unsupported_grant_type');
  }
  const tokens = await issue(form, farm);
  if (!tokens) return refusal(400, 'invalid_grant');
  if (await farm.oauth.dropsAnswer('after')) return { drop: true };
  return {
    status: 200,
    json: {
      token_type: 'bearer',
      access_token: tokens.accessToken,
      expires_in: tokens.expiresIn,
      refresh_token: tokens.refreshToken,
    },
  };
}

async function issue(form: Record<string, string>, farm: SandboxFarm): Promise<SandboxTokens | undefined> {
  const clientId = form.client_id ?? '';
  if (form.grant_type === 'refresh_token') return farm.oauth.refresh(form.refresh_token, clientId, RULES);
  const grant = await farm.oauth.redeemCode(form.code, { clientId, redirectUri: form.redirect_uri });
  return grant && farm.oauth.issueTokens(grant, RULES);
}

async function revoke({ query }: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const grant = await farm.oauth.access(query.access_token);
  if (!grant) return problem(401, 'Unauthorized');
  await farm.oauth.revoke(grant.id);
  return { status: 200, json: {} };
}

async function personalInfo(request: SandboxRequest, farm: SandboxFarm): Promise<SandboxAnswer> {
  const grant = await bearer(request, farm);
  if (!grant) return problem(401, 'Unauthorized');
  const person = farm.person(grant.person);
  if (!person || !grant.scopes.includes('personal')) return problem(403, 'Forbidden');
  return {
    status: 200,
    json: {
      id: uuid5(ID_NAMESPACE, person.key),
      age: Math.floor((farm.now().getTime() - Date.parse(person.birthDate)) / YEAR_MS),
      weight: person.weightKilograms,
      height: person.heightMetres,
      biological_sex: person.sex,
      email: grant.scopes.includes('email') ? person.email : null,
    },
  };
}

const YEAR_MS = 365.2425 * 86_400_000;

function bearer({ headers }: SandboxRequest, farm: SandboxFarm): Promise<SandboxGrant | undefined> {
  return farm.oauth.access(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]);
}

/** RFC 6749 §5.2. */
function refusal(status: number, error: string): SandboxAnswer {
  return { status, json: { error } };
}

function problem(status: number, detail: string): Extract<SandboxAnswer, { status: number }> {
  return { status, json: { detail } };
}
