import type { ProviderRegistry } from '../core/provider.ts';
import type { ImportFile, ImportResult, Services } from '../services/services.ts';

export type Role = 'api' | 'worker' | 'stream';

export const ROLES: readonly Role[] = ['api', 'worker', 'stream'];

/** One thing that `doctor` looked at. */
export interface Finding {
  check: string;
  ok: boolean;
  /** What was found. */
  found: string;
  /** What to do; empty when it is well. */
  advice: string;
}

/** What the commands need from the process that runs them; built by main. */
export interface CliPorts {
  /** Serves until it is told to stop. */
  start(roles: readonly Role[]): Promise<void>;
  /** Opens the database (a running one, or started for the time of the command), runs, closes. */
  withServices<T>(work: (services: Services) => Promise<T>): Promise<T>;
  migrate(): Promise<{ applied: number }>;
  doctor(): Promise<Finding[]>;
  rotateMasterKey(): Promise<{ rewrapped: number; keyId: string }>;
  providers(): Promise<ProviderRegistry>;
  /** Maps device files without a database. */
  preview(
    referenceId: string,
    files: ImportFile[],
  ): Promise<{ payloads: Record<string, Record<string, unknown>[]>; files: ImportResult[] }>;
  readFile(path: string): Promise<Uint8Array>;
  /** Address under which the server shows its pages. */
  publicUrl: string;
  version: string;
  stdout(text: string): void;
  stderr(text: string): void;
}
