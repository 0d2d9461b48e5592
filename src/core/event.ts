import type { DataType } from './data-type.ts';

export type AuthEventType =
  | 'auth'
  | 'auth_cancelled'
  | 'deauth'
  | 'user_reauth'
  | 'access_revoked'
  | 'permission_change'
  | 'connection_error';

export type RequestEventType = 'large_request_processing' | 'large_request_sending';

export type EventType = AuthEventType | RequestEventType | DataType;

/** Something a developer is told. The body is immutable; a data event's body has no `user` until it is delivered. */
export interface Event {
  environmentId: string;
  id: string;
  type: EventType;
  /** Data events are sealed under the connection's key, all others under the environment's. */
  isData: boolean;
  connectionId: string | undefined;
  /** Value of the `terra-reference` header. */
  reference: string;
  createdAt: Date;
  /** Unix milliseconds for `X-Terra-Ordering-Timestamp`; undefined: no recency anchor. */
  orderingTimestamp: number | undefined;
  /** Bytes of the stored body. */
  bytes: number;
}

/** What is stored: the event and its JSON text. */
export interface NewEvent {
  type: EventType;
  isData: boolean;
  connectionId: string | undefined;
  reference: string;
  createdAt: Date;
  orderingTimestamp: number | undefined;
  body: string;
  /** The event whose delivery to the same destination must come first (`user_reauth` before `auth` before data). */
  afterEventId?: string;
  /** Chunk number of a large request; its trace id becomes `<id>:chunk:<n>`. */
  chunk?: number;
}
