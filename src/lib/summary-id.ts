import { uuid5 } from './ids.ts';

const NAMESPACE = '6f6c8a52-0b7e-5d0a-9c1e-5a1d5e3b2c74';

/** The globally unique, stable id of a provider's record: the same before and after a reauthentication. */
export function summaryId(provider: string, providerUserId: string, resource: string, recordId: string): string {
  return uuid5(NAMESPACE, `${provider}/${providerUserId}/${resource}/${recordId}`);
}
