import type { Environment } from '../core/environment.ts';
import type { Services } from '../services/services.ts';
import { Refused } from './answer.ts';

/** The environment named by `--env` (dev-id or name); without it, the only one there is. */
export async function chooseEnvironment(services: Services, wanted: string | undefined): Promise<Environment> {
  const all = await services.environments.list();
  if (wanted !== undefined) {
    const found = all.find((one) => one.devId === wanted) ?? all.find((one) => one.name === wanted);
    if (found) return found;
    throw new Refused(`there is no environment "${wanted}"`, 'npx solum env list shows them');
  }
  const [first, second] = all;
  if (!first) throw new Refused('there is no environment yet', 'npx solum env create <name> makes one');
  if (second) throw new Refused('there are several environments', 'choose one with --env <dev-id>');
  return first;
}
