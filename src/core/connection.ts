import type { Account } from './account.ts';

/** An account as one end user of one app connected it. The wire calls it *user*; `id` never leaves the process. */
export interface Connection {
  environmentId: string;
  id: string;
  accountId: string;
  userId: string;
  referenceId: string | undefined;
  retiredUserIds: string[];
  provider: string;
  active: boolean;
  createdAt: Date;
  lastWebhookUpdate: Date | undefined;
}

export interface ConnectionWithAccount extends Connection {
  account: Account;
}
