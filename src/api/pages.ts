import type { SessionView } from '../services/services.ts';

/** A whole HTML answer: what the server has to send and nothing else. */
export interface PageAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  html: string;
}

/** The parts of a request that a page depends on, as the header texts came. */
export interface PageRequest {
  cookie: string | undefined;
  acceptLanguage: string | undefined;
}

/** Pages at the end of a connect flow that are shown outside `/session/…` (start and callback routes). */
export interface ResultPages {
  /**
   * Asks before a callback goes on in a browser that did not start it. Its form posts to `action` (the callback's own
   * path and query) with the field `csrf`.
   */
  confirm(input: {
    request: PageRequest;
    action: string;
    app: SessionView['app'];
    providerName: string;
    language: string | undefined;
  }): PageAnswer;
  /** Whether a post came from the form that `confirm` showed to this browser. */
  isConfirmed(input: { request: PageRequest; csrf: string | undefined }): boolean;
  /** Says in plain words why connecting did not work. */
  failure(input: { request: PageRequest; reason: string; app?: SessionView['app']; language?: string }): PageAnswer;
  /**
   * Answers a POST that ends at another site or in an app. A 3xx there would be stopped by `form-action 'self'`, which
   * browsers also apply to the redirects of a submitted form.
   */
  forward(input: { request: PageRequest; url: string; app?: SessionView['app']; language?: string }): PageAnswer;
}
