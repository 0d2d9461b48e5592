import { type TSchema, Type } from 'typebox';
import type { DataType } from '../../core/data-type.ts';
import type { Environment } from '../../core/environment.ts';
import { Problem } from '../../core/problem.ts';
import { type DateInput, daysBetween, parseDateInput } from '../../lib/dates.ts';
import { activity } from '../../schema/activity.ts';
import { athleteQuery, type DataQuery, dataQuery } from '../../schema/queries.ts';
import { acknowledgement, athleteAnswer, dataAnswer, noData } from '../../schema/responses.ts';
import type { TerraUser } from '../../schema/user.ts';
import type { ReadQuery } from '../../services/services.ts';
import { type Context, defineRoute, type Route } from '../route.ts';

/** Longest window of one request, in days. */
const LONGEST_WINDOW_DAYS = 1825;
/** Windows longer than this many days are delivered in chunks. */
const LARGE_WINDOW_DAYS = 28;

const SENT = 'Data sent to destination';
const SENT_IN_CHUNKS =
  'Large request submitted. The data is being processed and will be sent to your destination in chunks';

interface Readable {
  type: DataType;
  path: string;
  summary: string;
  description: string;
  model?: TSchema;
}

const readable: Readable[] = [
  {
    type: 'activity',
    path: '/activity',
    summary: 'Read workouts',
    description: 'Finished workouts that start in the window.',
    model: Type.Object(activity.properties, { $id: 'Activity' }),
  },
  {
    type: 'body',
    path: '/body',
    summary: 'Read body measurements',
    description: 'Measurements by day: weight, blood pressure, glucose, temperature, heart.',
  },
  { type: 'daily', path: '/daily', summary: 'Read day totals', description: 'Totals of each local day.' },
  {
    type: 'menstruation',
    path: '/menstruation',
    summary: 'Read cycle data',
    description: 'Cycle data by day.',
  },
  { type: 'nutrition', path: '/nutrition', summary: 'Read nutrition', description: 'Meals and totals by day.' },
  { type: 'sleep', path: '/sleep', summary: 'Read sleep', description: 'Sleep periods of the window.' },
  {
    type: 'planned_workout',
    path: '/plannedWorkout',
    summary: 'Read planned workouts',
    description: 'Workouts that are planned in the window.',
  },
];

function date(text: string, field: string): DateInput {
  const input = parseDateInput(text);
  if (!input) throw new Problem('bad_request', { detail: `invalid ${field}`, field });
  return input;
}

/** Days that the query spans. Throws `bad_request` naming the date, or `rate_limited` (rule r1) for too long a window. */
function windowDays(query: Pick<DataQuery, 'start_date' | 'end_date'>, now: Date): number {
  const start = date(query.start_date, 'start_date');
  const end: DateInput = query.end_date === undefined ? { kind: 'instant', at: now } : date(query.end_date, 'end_date');
  const days = daysBetween(start, end);
  if (days < 0 && query.end_date !== undefined) {
    throw new Problem('bad_request', { detail: 'invalid end_date', field: 'end_date' });
  }
  // A window that ends "now" ends in the middle of a day; the limit counts whole days.
  if (Math.floor(days) > LONGEST_WINDOW_DAYS) {
    throw new Problem('rate_limited', { headers: { 'x-terra-ratelimit-rule': 'r1' } });
  }
  return Math.max(0, days);
}

function refuseDisabled(environment: Environment, type: DataType): void {
  const types = environment.settings.data_types;
  if (types && !types.includes(type)) throw new Problem('data_type_disabled');
}

async function answerRead(context: Context<'key'>, type: DataType, query: ReadQuery): Promise<unknown> {
  const { user, data } = await context.services.read.data(context.environment, type, query);
  if (type !== 'athlete') return { status: 'success', type, user, data, version: '2022-03-16' };
  const athlete = data[0];
  if (athlete === undefined) return { status: 'success', type: 'no_data', message: 'No data available', user };
  return { status: 'success', type, user, athlete };
}

/** Sends the window to the destinations and acknowledges it. */
async function answerRequest(
  context: Context<'key'>,
  type: DataType,
  query: ReadQuery,
  days: number,
): Promise<unknown> {
  const { services, environment, reference } = context;
  const large = days > LARGE_WINDOW_DAYS;
  const { user } = await services.read.request(environment, type, query, { reference, large });
  const message = large ? SENT_IN_CHUNKS : SENT;
  return { status: 'success', type, reference, trace_id: reference, message, user: acknowledgedUser(user) };
}

/** The published acknowledgement has scopes as text or not at all, unlike every other place of a user. */
function acknowledgedUser({ scopes, ...rest }: TerraUser): Record<string, unknown> {
  return scopes === null ? rest : { ...rest, scopes };
}

const problems: Route['problems'] = [
  'user_not_found',
  'data_type_unsupported',
  'data_type_disabled',
  'provider_permission',
  'rate_limited',
];

const exampleUser = {
  user_id: '40f7b0e1-89e2-43ac-a5b8-1e29c8d47cad',
  provider: 'EXAMPLE',
  created_at: '2026-07-01T08:00:00.000000+00:00',
  last_webhook_update: null,
  scopes: null,
  reference_id: 'customer-123',
  active: true,
};

function dataRoute({ type, path, summary, description, model }: Readable): Route {
  return defineRoute({
    method: 'GET',
    paths: [path],
    auth: 'key',
    query: dataQuery,
    answers: { 200: Type.Union([dataAnswer(model), acknowledgement]) },
    examples: { 200: { status: 'success', type, user: exampleUser, data: [], version: '2022-03-16' } },
    problems,
    summary,
    description: `${description} By default the data goes to your destinations; to_webhook=false puts it in the answer.`,
    tags: ['Data'],
    async handle(context) {
      const { query, environment, clock } = context;
      const days = windowDays(query, clock.now());
      refuseDisabled(environment, type);
      const read: ReadQuery = {
        userId: query.user_id.toLowerCase(),
        startDate: query.start_date,
        endDate: query.end_date,
        withSamples: query.with_samples ?? environment.settings.include_samples,
      };
      return query.to_webhook === false ? answerRead(context, type, read) : answerRequest(context, type, read, days);
    },
  });
}

const athleteRoute = defineRoute({
  method: 'GET',
  paths: ['/athlete'],
  auth: 'key',
  query: athleteQuery,
  answers: { 200: Type.Union([athleteAnswer, noData, acknowledgement]) },
  examples: { 200: { status: 'success', type: 'athlete', user: exampleUser, athlete: { first_name: 'Ada' } } },
  problems,
  summary: 'Read the profile',
  description: 'The profile as the provider states it. There is no window.',
  tags: ['Data'],
  async handle(context) {
    const { query, environment } = context;
    refuseDisabled(environment, 'athlete');
    const read: ReadQuery = {
      userId: query.user_id.toLowerCase(),
      startDate: undefined,
      endDate: undefined,
      withSamples: false,
    };
    return query.to_webhook === false
      ? answerRead(context, 'athlete', read)
      : answerRequest(context, 'athlete', read, 0);
  },
});

export const dataRoutes: Route[] = [...readable.map(dataRoute), athleteRoute];
