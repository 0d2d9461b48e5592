import type { ProviderChoice } from '../core/environment.ts';
import type { ProviderChoiceStore } from '../core/store.ts';
import { sha256 } from '../lib/hash.ts';
import { change, firstOf, rowsOf, sqlBuilder } from './database.ts';
import type { Scope } from './scope.ts';
import type { ProviderChoicesTable } from './tables.ts';
import { environmentOwner } from './vault.ts';

type SealedColumn = 'credentials' | 'sandbox_credentials' | 'hook_token';
type Change = Partial<Omit<ProviderChoicesTable, 'environment_id' | 'provider'>>;

export function providerChoicesOn(scope: Scope): ProviderChoiceStore {
  const { client } = scope;

  async function row(environmentId: string, provider: string): Promise<ProviderChoicesTable | undefined> {
    const all = sqlBuilder.selectFrom('provider_choices').selectAll();
    return firstOf(client, all.where('environment_id', '=', environmentId).where('provider', '=', provider));
  }

  async function save(environmentId: string, provider: string, values: Change): Promise<void> {
    const insert = sqlBuilder
      .insertInto('provider_choices')
      .values({ environment_id: environmentId, provider, enabled: true, ...values });
    await change(
      client,
      insert.onConflict((conflict) => conflict.columns(['environment_id', 'provider']).doUpdateSet(values)),
    );
  }

  /** Sets the values unless `column` was set already: of several callers, one wins. */
  async function saveOnce(environmentId: string, provider: string, column: SealedColumn, values: Change) {
    const insert = sqlBuilder
      .insertInto('provider_choices')
      .values({ environment_id: environmentId, provider, enabled: true, ...values });
    await change(
      client,
      insert.onConflict((conflict) =>
        conflict
          .columns(['environment_id', 'provider'])
          .doUpdateSet(values)
          .where(`provider_choices.${column}`, 'is', null),
      ),
    );
  }

  const place = (provider: string, field: SealedColumn) => ({ table: 'provider_choices', row: provider, field });

  const seal = (environmentId: string, provider: string, column: SealedColumn, text: string) =>
    scope.vault.seal(client, environmentOwner(environmentId), place(provider, column), text);

  async function open(found: ProviderChoicesTable | undefined, column: SealedColumn): Promise<string | undefined> {
    const sealed = found?.[column];
    if (!found || !sealed) return undefined;
    const owner = environmentOwner(found.environment_id);
    return (await scope.vault.open(client, owner, place(found.provider, column), sealed))?.toString();
  }

  return {
    async list(environmentId) {
      const all = sqlBuilder.selectFrom('provider_choices').selectAll();
      const rows = await rowsOf(client, all.where('environment_id', '=', environmentId).orderBy('provider'));
      return rows.map(toChoice);
    },

    async get(environmentId, provider) {
      const found = await row(environmentId, provider);
      return found ? toChoice(found) : { provider, enabled: true, scopes: undefined, hasCredentials: false };
    },

    setEnabled: (environmentId, provider, enabled) => save(environmentId, provider, { enabled }),

    setScopes: (environmentId, provider, scopes) => save(environmentId, provider, { scopes: scopes ?? null }),

    async setCredentials(environmentId, provider, values) {
      const sealed = values && (await seal(environmentId, provider, 'credentials', JSON.stringify(values)));
      await save(environmentId, provider, { credentials: sealed ?? null });
    },

    async credentials(environmentId, provider) {
      return parse(await open(await row(environmentId, provider), 'credentials'));
    },

    async sandboxCredentials(environmentId, provider, make) {
      const known = parse(await open(await row(environmentId, provider), 'sandbox_credentials'));
      if (known) return known;
      const made = make();
      await saveOnce(environmentId, provider, 'sandbox_credentials', {
        sandbox_client_id: made.client_id ?? null,
        sandbox_credentials: await seal(environmentId, provider, 'sandbox_credentials', JSON.stringify(made)),
      });
      return parse(await open(await row(environmentId, provider), 'sandbox_credentials')) ?? made;
    },

    async sandboxClient(provider, clientId) {
      const all = sqlBuilder.selectFrom('provider_choices').selectAll();
      const query = all.where('provider', '=', provider).where('sandbox_client_id', '=', clientId);
      const found = await firstOf(client, query);
      const credentials = parse(await open(found, 'sandbox_credentials'));
      return found && credentials && { environmentId: found.environment_id, credentials };
    },

    async hookToken(environmentId, provider, make) {
      const known = await open(await row(environmentId, provider), 'hook_token');
      if (known) return known;
      const made = make();
      await saveOnce(environmentId, provider, 'hook_token', {
        hook_token_hash: sha256(made),
        hook_token: await seal(environmentId, provider, 'hook_token', made),
      });
      return (await open(await row(environmentId, provider), 'hook_token')) ?? made;
    },

    async byHookToken(provider, token) {
      const ids = sqlBuilder.selectFrom('provider_choices').select('environment_id');
      const query = ids.where('hook_token_hash', '=', sha256(token)).where('provider', '=', provider);
      return (await firstOf(client, query))?.environment_id;
    },
  };
}

function toChoice(row: ProviderChoicesTable): ProviderChoice {
  return {
    provider: row.provider,
    enabled: row.enabled,
    scopes: row.scopes ?? undefined,
    hasCredentials: row.credentials !== null,
  };
}

function parse(text: string | undefined): Record<string, string> | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
