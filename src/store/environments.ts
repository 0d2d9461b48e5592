import { sql } from 'kysely';
import type { Environment, SigningSecret } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import type { ApiKeyRow, EnvironmentStore } from '../core/store.ts';
import { isUuid, uuid4 } from '../lib/ids.ts';
import { deriveKey } from '../lib/seal.ts';
import type { EnvironmentSettings } from '../schema/environment-settings.ts';
import { change, firstOf, rowsOf, run, sqlBuilder } from './database.ts';
import type { Scope, TransactionScope } from './scope.ts';
import type { EnvironmentsTable } from './tables.ts';
import { environmentOwner, keyIn, openAt } from './vault.ts';

const BY_API_KEY = `
  select e.* from api_keys k join environments e on e.id = k.environment_id
  where k.hash = $1 and k.revoked_at is null`;

export function environmentsOn(scope: Scope): EnvironmentStore {
  const { client, vault } = scope;
  const environments = () => sqlBuilder.selectFrom('environments').selectAll();
  const secretPlace = (id: string) => ({ table: 'signing_secrets', row: id, field: 'sealed' });

  async function insertSecret(tx: TransactionScope, environmentId: string, secret: string, now: Date): Promise<void> {
    const id = scope.orderedId(now);
    const sealed = await vault.seal(tx.client, environmentOwner(environmentId), secretPlace(id), secret);
    const values = { environment_id: environmentId, id, sealed, created_at: now };
    await change(tx.client, sqlBuilder.insertInto('signing_secrets').values(values));
  }

  return {
    create: ({ devId, name, kind, settings, signingSecret, now }) =>
      scope.atomic(async (tx) => {
        const id = uuid4();
        const values = { id, dev_id: devId, name, kind, settings: JSON.stringify(settings), created_at: now };
        const insert = sqlBuilder.insertInto('environments').values(values);
        const made = await change(
          tx.client,
          insert.onConflict((conflict) => conflict.column('dev_id').doNothing()),
        );
        if (made === 0) throw new Problem('conflict', { detail: 'an environment with this dev-id exists' });
        await vault.create(tx.client, environmentOwner(id), now);
        await insertSecret(tx, id, signingSecret, now);
        return { id, devId, name, kind, settings, createdAt: now };
      }),

    async byDevId(devId) {
      return toEnvironment(await firstOf(client, environments().where('dev_id', '=', devId)));
    },

    async byId(id) {
      if (!isUuid(id)) return undefined;
      return toEnvironment(await firstOf(client, environments().where('id', '=', id)));
    },

    async list() {
      const rows = await rowsOf(client, environments().orderBy('created_at').orderBy('dev_id'));
      return rows.map(fromRow);
    },

    async saveSettings(id, settings) {
      const values = { settings: JSON.stringify(settings) };
      await change(client, sqlBuilder.updateTable('environments').set(values).where('id', '=', id));
    },

    async addApiKey(environmentId, hash, label, now) {
      const id = scope.orderedId(now);
      const values = { environment_id: environmentId, id, hash: Buffer.from(hash), label, created_at: now };
      const insert = sqlBuilder.insertInto('api_keys').values(values);
      const made = await change(
        client,
        insert.onConflict((conflict) => conflict.column('hash').doNothing()),
      );
      if (made === 0) throw new Problem('conflict', { detail: 'this API key is in use' });
      return { id, label, createdAt: now, revokedAt: undefined };
    },

    async apiKeys(environmentId) {
      const keys = sqlBuilder.selectFrom('api_keys').select(['id', 'label', 'created_at', 'revoked_at']);
      const rows = await rowsOf(client, keys.where('environment_id', '=', environmentId).orderBy('id'));
      return rows.map(
        (row): ApiKeyRow => ({
          id: row.id,
          label: row.label,
          createdAt: row.created_at,
          revokedAt: row.revoked_at ?? undefined,
        }),
      );
    },

    async byApiKey(hash) {
      const query = { name: 'environment-by-api-key', text: BY_API_KEY, values: [hash] };
      return toEnvironment((await run<EnvironmentsTable>(client, query)).rows[0]);
    },

    revokeApiKeys(environmentId, exceptId, now) {
      const live = sqlBuilder
        .updateTable('api_keys')
        .set({ revoked_at: now })
        .where('environment_id', '=', environmentId)
        .where('revoked_at', 'is', null);
      return change(client, exceptId === undefined ? live : live.where('id', '<>', exceptId));
    },

    async signingSecrets(environmentId, now) {
      const rows = await rowsOf(
        client,
        sqlBuilder
          .selectFrom('signing_secrets')
          .selectAll()
          .where('environment_id', '=', environmentId)
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
          .orderBy('id', 'desc'),
      );
      if (rows.length === 0) return [];
      const owner = environmentOwner(environmentId);
      const key = keyIn(await vault.keys(client, [owner]), owner);
      return rows.map(
        (row): SigningSecret => ({
          id: row.id,
          secret: openAt(key, secretPlace(row.id), row.sealed).toString(),
          createdAt: row.created_at,
          expiresAt: row.expires_at ?? undefined,
        }),
      );
    },

    addSigningSecret: (environmentId, secret, now, overlapUntil) =>
      scope.atomic(async (tx) => {
        await lockEnvironmentRow(tx, environmentId); // two rotations at once must not leave two current secrets
        const earlier = sqlBuilder
          .updateTable('signing_secrets')
          .set({ expires_at: sql<Date>`least(expires_at, ${overlapUntil})` })
          .where('environment_id', '=', environmentId);
        await change(tx.client, earlier);
        const over = sqlBuilder.deleteFrom('signing_secrets').where('environment_id', '=', environmentId);
        await change(tx.client, over.where('expires_at', '<=', now));
        await insertSecret(tx, environmentId, secret, now);
      }),

    async deriveKey(environmentId, purpose) {
      const owner = environmentOwner(environmentId);
      return deriveKey(keyIn(await vault.keys(client, [owner]), owner), `purpose/${purpose}`);
    },
  };
}

/** Until the transaction ends. Leaves others free to add rows that refer to the environment. */
export async function lockEnvironmentRow(tx: TransactionScope, environmentId: string): Promise<void> {
  await run(tx.client, {
    text: 'select from environments where id = $1 for no key update',
    values: [environmentId],
  });
}

function toEnvironment(row: EnvironmentsTable | undefined): Environment | undefined {
  return row && fromRow(row);
}

function fromRow(row: EnvironmentsTable): Environment {
  return {
    id: row.id,
    devId: row.dev_id,
    name: row.name,
    kind: row.kind,
    settings: row.settings as EnvironmentSettings,
    createdAt: row.created_at,
  };
}
