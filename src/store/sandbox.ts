import type { SandboxStore } from '../core/store.ts';
import { change, firstOf, rowsOf, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';

type Value = Record<string, unknown>;

export function sandboxOn({ client }: Scope): SandboxStore {
  return {
    async get(provider, kind, key, now) {
      const item = sqlBuilder
        .selectFrom('sandbox_items')
        .select('value')
        .where((where) => where.and({ provider, kind, key }))
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]));
      return (await firstOf(client, item))?.value as Value | undefined;
    },

    async put(provider, kind, key, value, expiresAt) {
      const values = { value: JSON.stringify(value), expires_at: expiresAt ?? null };
      const insert = sqlBuilder.insertInto('sandbox_items').values({ provider, kind, key, ...values });
      await change(
        client,
        insert.onConflict((conflict) => conflict.columns(['provider', 'kind', 'key']).doUpdateSet(values)),
      );
    },

    async take(provider, kind, key, now) {
      const item = sqlBuilder
        .deleteFrom('sandbox_items')
        .where((where) => where.and({ provider, kind, key }))
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]));
      return (await firstOf(client, item.returning('value')))?.value as Value | undefined;
    },

    async list(provider, kind, now) {
      const items = sqlBuilder
        .selectFrom('sandbox_items')
        .select(['key', 'value'])
        .where((where) => where.and({ provider, kind }))
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
        .orderBy('key');
      return (await rowsOf(client, items)).map(({ key, value }) => ({ key, value: value as Value }));
    },
  };
}
