import type { FastifyRequest } from 'fastify';
import type { Environment } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { Services } from '../services/services.ts';
import type { Route } from './route.ts';

/** Cookie with the session of the first-steps page. */
export const OPERATOR_COOKIE = 'solum_operator';

const DEV_ID = /^[A-Za-z0-9_-]{1,128}$/;
const API_KEY = /^[\x21-\x7e]{1,512}$/;

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function byKey(services: Services, request: FastifyRequest): Promise<Environment> {
  const devId = header(request, 'dev-id');
  const apiKey = header(request, 'x-api-key');
  if (!devId || !apiKey) throw new Problem('headers_missing');
  if (!DEV_ID.test(devId) || !API_KEY.test(apiKey)) throw new Problem('unauthorized');
  return services.environments.authenticate(devId, apiKey);
}

/** The environment that the caller speaks for, as the route's `auth` asks. Throws 401, or the route's `refusal`. */
export async function authenticate(
  route: Route,
  services: Services,
  request: FastifyRequest,
): Promise<Environment | undefined> {
  if (route.auth === 'key') {
    try {
      return await byKey(services, request);
    } catch (error) {
      if (!route.refusal || !(error instanceof Problem) || error.status !== 401) throw error;
      throw new Problem(route.refusal, { detail: error.detail, cause: error });
    }
  }
  if (route.auth === 'dev-id') {
    const devId = header(request, 'dev-id');
    return devId && DEV_ID.test(devId) ? services.environments.byDevId(devId) : undefined;
  }
  if (route.auth === 'operator' && !(await services.operators.isIn(request.cookies[OPERATOR_COOKIE]))) {
    throw new Problem('session_required');
  }
  return undefined;
}
