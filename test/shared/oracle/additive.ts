/**
 * What Solum's answers and events hold beyond the published schemas, each with the decision that put it there
 * (sections of the wire contract). Everything else unknown to the published schemas is an error.
 */
export interface Additive {
  /** Which answers or events: `METHOD path status` or an event schema, `*` for any. */
  where: RegExp;
  /** Members that are taken away before the strict check, as paths. */
  members: string[];
  because: string;
}

export const ADDITIVE: Additive[] = [
  {
    where: / [45]\d\d$/,
    members: ['status', 'message'],
    because: '§0.1 decision 2: one error body in both dialects',
  },
  {
    where: /^GET \/integrations 200$/,
    members: ['sdk_resource'],
    because: '§0.1 decision 3: both names of the list of SDK providers',
  },
  {
    where: /^GET \/subscriptions 200$/,
    members: ['status'],
    because: '§2.6: the older dialect’s status beside users',
  },
  {
    where: /^GET \/(activity|body|daily|sleep|nutrition|menstruation) 200$/,
    members: ['status', 'version'],
    because: '§2.5 answer 1: the older dialect’s status and version',
  },
  {
    where: /^AuthSuccessEvent$/,
    members: ['reference_id', 'version'],
    because: '§4.1: auth carries the reference id and the version beside user',
  },
];

/** A copy without what is allowed beyond the published schema. */
export function withoutAdditive(where: string, body: unknown): unknown {
  const copy = structuredClone(body) as Record<string, unknown>;
  for (const rule of ADDITIVE.filter((one) => one.where.test(where))) {
    for (const member of rule.members) delete copy[member];
  }
  return copy;
}
