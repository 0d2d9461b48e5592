import type pg from 'pg';
import { serverVersion } from '../store/server-version.ts';

/** Whether the database answers, for `/health`. */
export function healthCheck(pool: pg.Pool): () => Promise<boolean> {
  return async () => {
    try {
      return (await serverVersion(pool)) > 0;
    } catch {
      return false;
    }
  };
}
