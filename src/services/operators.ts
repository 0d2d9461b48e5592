import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/store.ts';
import { sha256 } from '../lib/hash.ts';
import { randomSecret } from '../lib/ids.ts';
import type { OperatorService } from './services.ts';

const LINK_HOURS = 24;
const SESSION_HOURS = 30 * 24;

/** Who may use the first-steps page: whoever opened a link that the server printed. Tokens are kept as hashes. */
export function createOperatorService({ store, clock }: { store: Store; clock: Clock }): OperatorService {
  async function add(kind: 'link' | 'session', hours: number): Promise<string> {
    const token = randomSecret();
    const now = clock.now();
    await store.operators.add(kind, sha256(token), new Date(now.getTime() + hours * 3_600_000), now);
    return token;
  }
  return {
    link: () => add('link', LINK_HOURS),
    async enter(link) {
      const taken = await store.operators.takeLink(sha256(link), clock.now());
      return taken ? add('session', SESSION_HOURS) : undefined;
    },
    async isIn(session) {
      return session !== undefined && store.operators.isSession(sha256(session), clock.now());
    },
  };
}
