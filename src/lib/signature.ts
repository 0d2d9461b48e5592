import { createHmac } from 'node:crypto';

/**
 * Value of the `terra-signature` header: `t=<seconds>,v1=<hex>` with one `v1` for each secret, newest first, so that
 * receivers verify during a rotation. HMAC-SHA256 over `t.` and the bytes that are sent.
 */
export function signBody(body: Uint8Array, secrets: string[], epochSeconds: number): string {
  const parts = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${epochSeconds}.`).update(body);
    return `v1=${hmac.digest('hex')}`;
  });
  return [`t=${epochSeconds}`, ...parts].join(',');
}
