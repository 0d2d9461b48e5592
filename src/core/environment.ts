import type { EnvironmentSettings } from '../schema/environment-settings.ts';

export type EnvironmentKind = 'testing' | 'staging' | 'production';

/** A tenant: owns keys, signing secret, providers with credentials, destinations, settings and users. */
export interface Environment {
  id: string;
  devId: string;
  name: string;
  kind: EnvironmentKind;
  settings: EnvironmentSettings;
  createdAt: Date;
}

/** How one environment uses one provider. `credentials` is opened only where it is needed. */
export interface ProviderChoice {
  provider: string;
  enabled: boolean;
  /** Scopes to ask for; undefined: the manifest's defaults. */
  scopes: string[] | undefined;
  hasCredentials: boolean;
}

/** A signing secret with the time until which it still signs beside a newer one (rotation). */
export interface SigningSecret {
  id: string;
  secret: string;
  createdAt: Date;
  /** Undefined: the current one. */
  expiresAt: Date | undefined;
}
