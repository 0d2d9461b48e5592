import type { AddressMap } from '../core/outbound.ts';

/** `https://api.example.com/v2/x?y` becomes `<base>/api.example.com/v2/x?y`. */
export function sandboxUrl(base: string, real: URL): URL {
  return new URL(`${base.replace(/\/+$/, '')}/${real.host}${real.pathname}${real.search}`);
}

/** Where a browser finds a provider's page: the provider itself, or our simulated one under `publicUrl`. */
export function createAddressMap({ publicUrl }: { publicUrl: string }): AddressMap {
  const base = new URL('/sandbox', publicUrl).href;
  return {
    toBrowser: (_provider, url, transport) => (transport === 'live' ? url : sandboxUrl(base, new URL(url)).href),
  };
}
