import { failFlow } from './fail.ts';
import type { ConnectPorts } from './ports.ts';

const BATCH = 100;

/** Ends attempts that ran out with `auth_cancelled`, reason `session_expired`, each once. Answers how many. */
export async function expireFlows(ports: ConnectPorts): Promise<number> {
  let ended = 0;
  for (;;) {
    const flows = await ports.store.flows.expired(ports.clock.now(), BATCH);
    let progress = 0;
    for (const flow of flows) {
      const environment = await ports.store.environments.byId(flow.environmentId);
      if (environment && (await failFlow(ports, environment, flow, 'session_expired'))) progress += 1;
    }
    ended += progress;
    if (flows.length < BATCH || progress === 0) return ended;
  }
}
