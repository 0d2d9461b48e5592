import type { Grant } from '../core/account.ts';

/** A grant as text, for sealing. */
export function grantText(grant: Grant): string {
  return JSON.stringify(grant);
}

export function parseGrant(text: string): Grant {
  const grant = JSON.parse(text);
  return { ...grant, expiresAt: grant.expiresAt === undefined ? undefined : new Date(grant.expiresAt) };
}
