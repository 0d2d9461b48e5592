import type { Transport } from './account.ts';
import type { ApiRequest, ApiResponse, TransportFailure } from './http.ts';
import type { LoadedProvider } from './provider.ts';

/** Sends provider requests: real hosts for live accounts, the sandbox for simulated ones. */
export interface ProviderClient {
  /**
   * Refuses urls outside the manifest's hosts when a token would leave. `bearer` and `basic` are added here, so that
   * manifests never hold secrets. Absolute urls of real hosts in sandbox answers stay real: the next request maps them.
   */
  send(call: ProviderCall): Promise<ApiResponse | TransportFailure>;
}

export interface ProviderCall {
  provider: LoadedProvider;
  transport: Transport;
  request: ApiRequest;
  /** Access token for `as: 'bearer'`. */
  accessToken?: string;
  /** `id:secret` for `as: 'basic'`. */
  basic?: { id: string; secret: string };
  /** Default 15,000. */
  timeoutMs?: number;
  /** Default 10 MiB. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** Maps a real provider address to where this transport finds it (browser redirects use it too). */
export interface AddressMap {
  toBrowser(providerId: string, url: string, transport: Transport): string;
}
