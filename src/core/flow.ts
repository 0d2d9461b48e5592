import type { Transport } from './account.ts';

/** What an app asked for when it made a widget session or an auth url. */
export interface ConnectRequest {
  referenceId: string | undefined;
  language: string | undefined;
  successUrl: string | undefined;
  failureUrl: string | undefined;
}

/** A link to the connect widget. */
export interface WidgetSession extends ConnectRequest {
  environmentId: string;
  id: string;
  /** Provider codes to offer, in order; undefined: the environment's. */
  providers: string[] | undefined;
  disallowedProviders: string[];
  showDisconnect: boolean;
  createdAt: Date;
  expiresAt: Date;
  /** Set once a connection came out of it. */
  completed: { userId: string | undefined; provider: string } | undefined;
}

export type FlowState = 'pending' | 'connected' | 'failed';

/** One attempt to connect one provider: from `/auth/start/<id>` to the callback. */
export interface AuthFlow extends ConnectRequest {
  environmentId: string;
  id: string;
  sessionId: string | undefined;
  provider: string;
  transport: Transport;
  /** Pre-allocated: becomes the connection's user id on success. */
  userId: string;
  scopes: string[];
  state: FlowState;
  reason: string | undefined;
  createdAt: Date;
  expiresAt: Date;
}
