import { hmac } from './hash.ts';

/**
 * Value of the `terra-signature` header: `t=<seconds>,v1=<hex>` with one `v1` for each secret, newest first, so that
 * receivers verify during a rotation. HMAC-SHA256 over `t.` and the bytes that are sent.
 */
export function signBody(body: Uint8Array, secrets: string[], epochSeconds: number): string {
  const prefix = Buffer.from(`${epochSeconds}.`);
  const message = Buffer.concat([prefix, body]);
  const parts = secrets.map((secret) => `v1=${hmac('sha256', secret, message).toString('hex')}`);
  return [`t=${epochSeconds}`, ...parts].join(',');
}
