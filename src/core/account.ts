import type { Token } from './provider.ts';

export type Transport = 'live' | 'sandbox';

export type AccountState = 'active' | 'needs_reconnecting' | 'revoked';

/** One person's account at one provider in one environment; owns the grant. */
export interface Account {
  environmentId: string;
  id: string;
  provider: string;
  providerUserId: string;
  transport: Transport;
  state: AccountState;
  /** How the person knows the account (an e-mail, a name), sealed at rest. */
  label: string | undefined;
  scopes: string[] | undefined;
  zone: string | undefined;
  /** Ours, given to providers that want a member id. */
  memberId: string;
  expiresAt: Date | undefined;
  createdAt: Date;
}

/** What is sealed as the account's grant. */
export interface Grant {
  token: Token;
  /** What the end user entered and later calls need (region). Never a password. */
  ask: Record<string, string>;
  /** Counts refreshes; waiters compare it after the lock. */
  version: number;
  expiresAt: Date | undefined;
}
