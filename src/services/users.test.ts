import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectBench, connectBench, connectPerson } from '../../test/harness/connect-bench.ts';
import { createUserService } from './users.ts';

let b: ConnectBench;
let ids: string[];

beforeAll(async () => {
  b = await connectBench();
  ids = [];
  for (const [person, referenceId] of [
    ['ann', 'r'],
    ['bob', 'r'],
    ['cy', undefined],
  ] as const) {
    ids.push(await connectPerson(b, person, referenceId === undefined ? {} : { referenceId }));
    b.clock.advance(1000);
  }
});

afterAll(() => b.close());

test('a user is read by its id, as the wire shows it', async () => {
  const users = createUserService(b);
  expect(await users.byUserId(b.environment, ids[0] ?? '')).toEqual({
    user_id: ids[0],
    provider: 'ACME',
    created_at: '2026-03-01T12:00:00.000000+00:00',
    last_webhook_update: null,
    scopes: 'daily,sleep',
    reference_id: 'r',
    active: true,
  });
  await expect(users.byUserId(b.environment, 'nope')).rejects.toMatchObject({ code: 'user_not_found' });
});

test('users are listed by reference id, all together and by page', async () => {
  const users = createUserService(b);
  const idsOf = (list: { user_id: string }[]) => list.map((user) => user.user_id);
  expect(idsOf(await users.byReference(b.environment, 'r'))).toEqual(ids.slice(0, 2));
  expect(await users.byReference(b.environment, 'unknown')).toEqual([]);
  expect(idsOf(await users.all(b.environment, {}))).toEqual(ids);
  expect(idsOf(await users.all(b.environment, { referenceId: 'r' }))).toEqual(ids.slice(0, 2));
  const first = await users.page(b.environment, { page: 0, perPage: 2 });
  expect({ ...first, results: idsOf(first.results) }).toEqual({ next: 1, maxPage: 1, results: ids.slice(0, 2) });
  const last = await users.page(b.environment, { page: 1, perPage: 2 });
  expect({ ...last, results: idsOf(last.results) }).toEqual({ next: null, maxPage: 1, results: ids.slice(2) });
  expect(await users.page(b.environment, { page: 9, perPage: 2 })).toMatchObject({ next: null, results: [] });
});

test('an id from before a reauthentication is gone, or an alias where the environment says so', async () => {
  const users = createUserService(b);
  const old = ids[2] ?? '';
  const next = await connectPerson(b, 'cy');
  await expect(users.byUserId(b.environment, old)).rejects.toMatchObject({ code: 'user_not_found' });
  const aliasing = { ...b.environment, settings: { ...b.environment.settings, retired_user_ids: 'alias' as const } };
  expect(await users.byUserId(aliasing, old)).toMatchObject({ user_id: next });
});
