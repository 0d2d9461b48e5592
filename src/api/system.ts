import { Type } from 'typebox';
import { Problem } from '../core/problem.ts';
import { formatInstant } from '../lib/time.ts';
import { health, svg } from '../schema/responses.ts';
import { providerMark } from './icons.ts';
import { defineRoute, type Route } from './route.ts';

const getHealth = defineRoute({
  method: 'GET',
  paths: [],
  rootPaths: ['/health'],
  auth: 'public',
  answers: { 200: health },
  examples: { 200: { status: 'ok', database: 'ok', time: '2026-07-01T08:00:00.000000+00:00' } },
  problems: ['unavailable'],
  summary: 'Whether the server can work',
  description: 'For load balancers: 200 when the database answers, else 503.',
  tags: ['System'],
  async handle({ health: isHealthy, clock }) {
    if (!(await isHealthy())) throw new Problem('unavailable', { headers: { 'retry-after': '5' } });
    return { status: 'ok', database: 'ok', time: formatInstant(clock.now()) };
  },
});

const getIcon = defineRoute({
  method: 'GET',
  paths: [],
  rootPaths: ['/static/app_icons/:file'],
  auth: 'public',
  query: Type.Object({}),
  answers: { 200: svg },
  problems: ['not_found'],
  cors: true,
  summary: 'Picture of a provider',
  description: 'SVG, by the provider code in lower case. Providers without a picture get a mark drawn from their name.',
  tags: ['Integrations'],
  async handle({ params, providers, reply }) {
    const code = /^([A-Za-z0-9_-]{1,64})\.svg$/.exec(params.file ?? '')?.[1];
    const provider = code ? providers?.find(code.toUpperCase()) : undefined;
    if (!provider) throw new Problem('not_found');
    return reply
      .type('image/svg+xml')
      .header('cache-control', 'public, max-age=86400')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
      .send(providerMark(provider));
  },
});

export const systemRoutes: Route[] = [getHealth, getIcon];
