import type { Static } from 'typebox';
import { integrationsQuery } from '../../schema/queries.ts';
import { detailedIntegrations, integrations, integrationTypes } from '../../schema/responses.ts';
import type { IntegrationRow } from '../../services/services.ts';
import { defineRoute, type Route } from '../route.ts';

type Detail = Static<typeof detailedIntegrations>['providers'][number];

const listIntegrations = defineRoute({
  method: 'GET',
  paths: ['/integrations'],
  auth: 'dev-id',
  answers: { 200: integrations },
  examples: {
    200: { status: 'success', providers: ['EXAMPLE', 'OTHER'], sdk_providers: ['PHONE'], sdk_resource: ['PHONE'] },
  },
  cors: true,
  summary: 'List provider codes',
  description: 'Needs no key. With a dev-id, the providers of that environment.',
  tags: ['Integrations'],
  async handle({ environment, services }) {
    const { providers, sdk } = await services.integrations.codes(environment);
    return { status: 'success', providers, sdk_providers: sdk, sdk_resource: sdk };
  },
});

const SETUP: Record<IntegrationRow['kind'], Detail['setup']> = {
  oauth: 'API_KEYS_REQUIRED',
  credentials: 'NO_API_KEYS',
  none: 'NO_API_KEYS',
  sdk: 'SDK',
};

function detail(row: IntegrationRow, publicUrl: string): Detail {
  const types = new Set<string>(row.types);
  return {
    provider: row.code,
    name: row.name,
    icon: `${publicUrl}/static/app_icons/${row.code.toLowerCase()}.svg`,
    setup: SETUP[row.kind],
    enabled: true,
    types: Object.fromEntries(integrationTypes.map((type) => [type, types.has(type)])),
  };
}

const listDetailed = defineRoute({
  method: 'GET',
  paths: ['/integrations/detailed'],
  auth: 'dev-id',
  query: integrationsQuery,
  answers: { 200: detailedIntegrations },
  examples: {
    200: {
      status: 'success',
      providers: [
        {
          provider: 'EXAMPLE',
          name: 'Example',
          icon: 'http://localhost:3000/static/app_icons/example.svg',
          setup: 'API_KEYS_REQUIRED',
          enabled: true,
          types: { activity: true, body: true, daily: true, menstruation: false, nutrition: false, sleep: true },
        },
      ],
    },
  },
  cors: true,
  summary: 'List providers with names, pictures and data types',
  description: 'Needs no key. With a dev-id, the enabled providers of that environment; without one, all providers.',
  tags: ['Integrations'],
  async handle({ environment, services, query, publicUrl }) {
    const rows = await services.integrations.list(environment);
    const shown = rows.filter(
      (row) => (row.kind !== 'sdk' || query.sdk === true) && (environment === undefined || row.enabled),
    );
    return { status: 'success', providers: shown.map((row) => detail(row, publicUrl)) };
  },
});

export const integrationRoutes: Route[] = [listIntegrations, listDetailed];
