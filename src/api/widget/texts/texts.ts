/** Failures that have words of their own; any other is `unknown`. */
export const KNOWN_REASONS = [
  'access_denied',
  'cancelled',
  'session_expired',
  'invalid_credentials',
  'invalid_state',
  'token_exchange_failed',
  'insufficient_scopes',
  'no_active_membership',
  'user_limit_reached',
  'provider_unavailable',
  'provider_rate_limited',
  'account_already_linked',
  'internal_error',
] as const;

export type KnownReason = (typeof KNOWN_REASONS)[number];

/** What happened, why, and what to do next. */
export interface Explanation {
  title: string;
  body: string;
  next: string;
}

/** Every sentence of the connect pages in one language. `app` and `name` are proper names and stay as they are. */
export interface Texts {
  /** ISO 639-1 code. */
  code: string;
  direction: 'ltr' | 'rtl';
  list: {
    title(app: string): string;
    lead(app: string): string;
    search: string;
    searchButton: string;
    showAll: string;
    noMatch(query: string): string;
    none: string;
    connectedHeading: string;
    moreHeading: string;
    simulated: string;
    simulatedHelp: string;
    inApp: string;
    connected: string;
    needsReconnecting: string;
    connect(name: string): string;
    reconnect: string;
    disconnect: string;
    disconnected(name: string): string;
    privacy(app: string): string;
  };
  disconnect: {
    title(name: string): string;
    body(app: string, name: string): string;
    confirm: string;
    keep: string;
  };
  success: {
    title(name: string | undefined): string;
    body(app: string | undefined): string;
    account: string;
    shared: string;
    next(app: string | undefined): string;
  };
  confirm: {
    title(name: string): string;
    body(app: string, name: string): string;
    caution: string;
    button: string;
  };
  forward: {
    title(name: string | undefined): string;
    body: string;
    button: string;
  };
  notices: {
    expired: Explanation;
    userLimit: Explanation;
    unknownLink: Explanation;
    formExpired: Explanation;
  };
  reasons: Record<KnownReason, Explanation>;
  /** For reasons that only the source knows. */
  unknownReason: Explanation;
  reasonCode: string;
  tryAgain: string;
  back: string;
}
