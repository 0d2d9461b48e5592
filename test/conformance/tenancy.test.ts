import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mainPath } from '../../src/api/route.ts';
import { routes } from '../../src/api/routes.ts';
import { PREFIXES } from '../../src/api/server.ts';
import { type ForeignRequest, type Planted, requestsWith } from './foreign-requests.ts';
import { startTenancy, type Tenancy, type Tenant } from './tenancy.ts';

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await startTenancy();
});
afterAll(() => tenancy.close());

async function ask(tenant: Tenant, { method, url, payload }: ForeignRequest) {
  const headers = { ...tenant.key, accept: 'application/json' };
  return tenancy.app.inject({ method: method as 'GET', url, headers, ...(payload ? { payload } : {}) });
}

/** Everything of an answer that a caller can read. */
function textOf(answer: Awaited<ReturnType<typeof ask>>): string {
  return `${answer.body}\n${JSON.stringify(answer.headers)}`;
}

/** Values of `planted` that the caller did not send himself. */
function unsaid(planted: Planted, request: ForeignRequest): string[] {
  const said = `${decodeURIComponent(request.url.replaceAll('+', ' '))} ${JSON.stringify(request.payload)}`;
  return Object.values(planted).filter((value) => !said.includes(value));
}

/** The same request about things that nobody has, to compare with. */
function strange(request: ForeignRequest, planted: Planted): ForeignRequest {
  const replace = (text: string): string =>
    Object.values(planted).reduce((result, value) => {
      const stranger = value.replace(/[0-9a-f]/g, (digit) => ((Number.parseInt(digit, 16) + 7) % 16).toString(16));
      const encoded = new URLSearchParams({ x: value }).toString().slice(2);
      return result.replaceAll(value, stranger).replaceAll(encoded, encodeURIComponent(stranger));
    }, text);
  const payload = request.payload === undefined ? undefined : JSON.parse(replace(JSON.stringify(request.payload)));
  return { ...request, url: replace(request.url), payload };
}

function outcome(answer: Awaited<ReturnType<typeof ask>>, request: ForeignRequest): unknown {
  const said = [request.url, decodeURIComponent(request.url)];
  const body = said.reduce((text, value) => text.replaceAll(value, ''), answer.body);
  const isMade = /"(session_id|auth_url|url|user_id|expires_in)"/.test(body) && answer.statusCode === 200;
  return [answer.statusCode, isMade ? 'made anew' : body];
}

describe.each(routes.map((route) => [`${route.method} ${mainPath(route)}`, route] as const))('%s', (_name, route) => {
  test('shows nothing of another environment, whatever is asked for', async () => {
    const { ours, theirs } = tenancy;
    for (const request of requestsWith(route, PREFIXES, theirs.planted)) {
      const text = textOf(await ask(ours, request));
      for (const value of unsaid(theirs.planted, request)) expect(text, JSON.stringify(request)).not.toContain(value);
    }
  });

  test('tells things of another environment from things that do not exist by nothing', async () => {
    const { ours, theirs } = tenancy;
    for (const request of requestsWith(route, PREFIXES, theirs.planted).filter(() => route.auth === 'key')) {
      const other = strange(request, theirs.planted);
      const [foreign, missing] = [await ask(ours, request), await ask(ours, other)];
      expect(outcome(foreign, request), JSON.stringify(request)).toEqual(outcome(missing, other));
    }
  });
});

test('with its own key each environment sees what is its own, so the checks above can fail', async () => {
  for (const tenant of [tenancy.ours, tenancy.theirs]) {
    const { user_id: userId, reference_id: referenceId } = tenant.planted;
    const query = new URLSearchParams({ user_id: userId }).toString();
    const one = await ask(tenant, { method: 'GET', url: `/v2/userInfo?${query}`, payload: undefined });
    expect(one.json().user).toMatchObject({ user_id: userId, reference_id: referenceId });
    const all = await ask(tenant, { method: 'GET', url: '/v2/subscriptions', payload: undefined });
    expect(all.body).toContain(userId);
  }
});

test('a key does not open another environment, even with its dev-id', async () => {
  const { ours, theirs } = tenancy;
  const key = { 'dev-id': theirs.key['dev-id']!, 'x-api-key': ours.key['x-api-key']! };
  const answer = await ask({ ...ours, key }, { method: 'GET', url: '/v2/subscriptions', payload: undefined });
  expect(answer.statusCode).toBe(401);
});
