import type { ConnectionWithAccount } from '../core/connection.ts';
import { formatInstant } from '../lib/time.ts';
import type { TerraUser } from '../schema/user.ts';

/** The connection as the wire's user. */
export function wireUser(connection: ConnectionWithAccount): TerraUser {
  return {
    user_id: connection.userId,
    provider: connection.provider,
    created_at: formatInstant(connection.createdAt),
    last_webhook_update: connection.lastWebhookUpdate ? formatInstant(connection.lastWebhookUpdate) : null,
    scopes: connection.account.scopes?.join(',') ?? null,
    reference_id: connection.referenceId ?? null,
    active: connection.active,
  };
}
