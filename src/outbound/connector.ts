import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { BlockedAddress } from './failure.ts';
import type { Guard } from './guard.ts';

/** Resolves a host name to all its addresses. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects only where the guard allows. A literal address never reaches the lookup, so it is checked here; a name is
 * resolved once, every address of it must be allowed, and the socket goes to one of those that were checked: a second
 * answer of the name server (rebinding) is never asked for.
 */
export function guardedConnector(guard: Guard, resolve: Resolve = resolveAll): buildConnector.connector {
  const connect = buildConnector({ lookup: guardedLookup(guard, resolve), timeout: CONNECT_TIMEOUT_MS });
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !guard.allows(literal)) {
      callback(new BlockedAddress('address not allowed'), null);
      return;
    }
    connect(options, callback);
  };
}

function guardedLookup(guard: Guard, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
        else if (!addresses.every(({ address }) => guard.allows(address))) {
          callback(new BlockedAddress('address not allowed'), '');
        } else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
