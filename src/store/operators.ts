import type { OperatorStore } from '../core/store.ts';
import { change, firstOf, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';

export function operatorsOn({ client }: Scope): OperatorStore {
  return {
    async add(kind, hash, expiresAt, now) {
      await change(client, sqlBuilder.deleteFrom('operator_tokens').where('expires_at', '<=', now));
      const values = { hash: Buffer.from(hash), kind, created_at: now, expires_at: expiresAt };
      await change(client, sqlBuilder.insertInto('operator_tokens').values(values));
    },

    async takeLink(hash, now) {
      const take = sqlBuilder
        .deleteFrom('operator_tokens')
        .where('hash', '=', Buffer.from(hash))
        .where('kind', '=', 'link')
        .where('expires_at', '>', now);
      return (await change(client, take)) === 1;
    },

    async isSession(hash, now) {
      const session = sqlBuilder
        .selectFrom('operator_tokens')
        .select('kind')
        .where('hash', '=', Buffer.from(hash))
        .where('kind', '=', 'session')
        .where('expires_at', '>', now);
      return (await firstOf(client, session)) !== undefined;
    },
  };
}
