/**
 * Shapes of the JSON below `/first-steps/api`, shared with the browser app as types only. Times are ISO 8601. The
 * interface belongs to the page; apps use `/v2`.
 */

export interface EnvironmentAnswer {
  dev_id: string;
  name: string;
  kind: string;
  /** Address of the API with its version, without a slash at the end. */
  base_url: string;
}

export interface ApiKeyAnswer {
  /** Shown here and never again. */
  api_key: string;
}

export interface ConnectAnswer {
  url: string;
  /** Seconds. */
  expires_in: number;
}

export interface UserRow {
  user_id: string;
  provider: string;
  reference_id: string | null;
  active: boolean;
  created_at: string | null;
  last_webhook_update: string | null;
}

export interface UsersAnswer {
  users: UserRow[];
}

export interface TryRow {
  number: number;
  at: string;
  outcome: 'delivered' | 'retry' | 'rejected';
  status: number | null;
  reason: string | null;
  response_text: string | null;
  duration_ms: number;
}

export interface DeliveryRow {
  id: string;
  destination_id: string;
  state: 'pending' | 'delivered' | 'dead' | 'cancelled';
  trace_id: string;
  due_at: string;
  tries: TryRow[];
}

export interface EventRow {
  id: string;
  type: string;
  is_data: boolean;
  created_at: string;
  reference: string;
  bytes: number;
  deliveries: DeliveryRow[];
}

/** Newest first. */
export interface EventsAnswer {
  events: EventRow[];
}

export interface ResendAnswer {
  /** How many new deliveries there are. */
  deliveries: number;
}

export interface DestinationRow {
  id: string;
  type: string;
  url: string | null;
  active: boolean;
}

export interface DestinationsAnswer {
  destinations: DestinationRow[];
}

export interface NewDestinationAnswer {
  destination: DestinationRow;
  /** Shown here and never again; null when it signs with the environment's secret. */
  signing_secret: string | null;
}

export interface ErrorAnswer {
  error: {
    code: string;
    detail: string;
    field?: string;
  };
}
