import type { Config } from '../config.ts';

/** Why this server may not create or serve production environments; undefined: it may. */
export function productionRefusal(config: Config): string | undefined {
  if (!config.masterKey) return 'a production environment needs SOLUM_MASTER_KEY (openssl rand -hex 32)';
  if (!config.publicUrl.startsWith('https://')) return 'a production environment needs an https PUBLIC_URL';
  return undefined;
}
