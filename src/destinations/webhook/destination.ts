import type { Attempt, Delivery, Destination, DestinationPorts, OutboundAnswer } from '../../core/destination.ts';
import type { TransportFailure } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { retryAfterSeconds } from '../../lib/retry-after.ts';
import { signBody } from '../../lib/signature.ts';
import { USER_AGENT } from '../../lib/version.ts';

export interface WebhookConfig extends Record<string, unknown> {
  url: string;
}

/** Posts each event as JSON, signed. 2xx is delivered; any other status and every failure is tried again. */
const webhook: Destination<WebhookConfig> = {
  type: 'webhook',
  name: 'Webhook',
  fields: [
    {
      name: 'url',
      label: 'Address',
      kind: 'url',
      help: 'http or https address that takes POST requests and answers 2xx.',
    },
  ],
  check({ url: text }) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw refused('url must be an http or https address');
    if (url.username || url.password) throw refused('url must not hold credentials: deliveries are signed instead');
  },
  open: (config, ports) => ({
    send: (batch, signal) => Promise.all(batch.map((delivery) => post(config, ports, delivery, signal))),
    async close() {}, // connections belong to the client that all destinations share
  }),
};

export default webhook;

function refused(detail: string): Problem {
  return new Problem('bad_request', { detail, field: 'url' });
}

async function post(
  config: WebhookConfig,
  ports: DestinationPorts,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Attempt> {
  const startedAt = performance.now();
  const answer = await ports.http.post({
    url: config.url,
    headers: headersOf(delivery),
    body: delivery.body,
    timeoutMs: ports.timeoutMs,
    signal,
  });
  const timing = { deliveryId: delivery.id, durationMs: Math.round(performance.now() - startedAt) };
  return 'failed' in answer ? { ...timing, ...unanswered(answer) } : { ...timing, ...judged(answer, delivery.now) };
}

/** Signed anew for each attempt: receivers refuse signatures that are more than five minutes old. */
function headersOf(delivery: Delivery): Record<string, string> {
  const signature = signBody(delivery.body, delivery.secrets, delivery.now);
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'User-Agent': USER_AGENT,
    'terra-signature': signature,
    'X-Terra-Signature': signature,
    'terra-reference': delivery.reference,
    'X-Terra-Trace-Id': delivery.traceId,
    'dev-id': delivery.devId,
  };
  if (delivery.orderingTimestamp !== undefined) {
    headers['X-Terra-Ordering-Timestamp'] = String(delivery.orderingTimestamp);
  }
  return headers;
}

type Verdict =
  | { outcome: 'delivered'; response: { status: number; text: string } }
  | { outcome: 'retry'; reason: string; retryAfter?: number; response: { status: number; text?: string } }
  | { outcome: 'rejected'; reason: string };

function judged({ status, headers, text }: OutboundAnswer, nowSeconds: number): Verdict {
  const response = { status, text };
  if (status >= 200 && status < 300) return { outcome: 'delivered', response };
  const retryAfter = retryAfterSeconds(headers['retry-after'], nowSeconds);
  const reason =
    status >= 300 && status < 400
      ? `the receiver answered ${status}; redirects are not followed`
      : `the receiver answered ${status}`;
  return { outcome: 'retry', reason, response, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** Status codes that the delivery log shows where the receiver gave none: 504 too late, 503 not there, 500 unusable. */
const STATUS: Partial<Record<TransportFailure['failed'], number>> = { timeout: 504, refused: 503, reset: 503 };

function unanswered({ failed, reason }: TransportFailure): Verdict {
  if (failed === 'blocked') return { outcome: 'rejected', reason };
  return { outcome: 'retry', reason, response: { status: STATUS[failed] ?? 500 } };
}
