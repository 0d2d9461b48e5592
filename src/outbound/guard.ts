import ipaddr from 'ipaddr.js';

/** Decides which addresses may be reached on behalf of a customer or a provider. */
export interface Guard {
  /** False for everything that is not a public unicast address or allowed by the operator; also for what is no address. */
  allows(address: string): boolean;
}

export interface GuardOptions {
  /** CIDRs that pass although they are not public (`SOLUM_ALLOW_ADDRESSES`). */
  allowAddresses: string[];
  /** Lets 127.0.0.0/8 and ::1 pass: a developer's machine, where the server itself listens on loopback. */
  allowLoopback: boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IANA has only handed out 2000::/3 as global unicast; the library calls the unassigned rest unicast as well. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Throws a RangeError naming the entry of `allowAddresses` that is not a CIDR. */
export function createGuard(options: GuardOptions): Guard {
  const allowed = options.allowAddresses.map(parseRange);
  return {
    allows(text) {
      const address = parseAddress(text);
      if (!address) return false;
      if (isPublic(address)) return true;
      if (options.allowLoopback && address.range() === 'loopback') return true;
      return allowed.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
    },
  };
}

function parseRange(text: string): [Address, number] {
  try {
    return text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), text.includes(':') ? 128 : 32];
  } catch {
    throw new RangeError(`"${text}" is not a network in CIDR notation, e.g. 10.1.0.0/16`);
  }
}

/** IPv4 inside IPv6 (`::ffff:10.0.0.1`) is judged as the IPv4 that the system would connect to. */
function parseAddress(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_IPV6);
}
