import type { AuthFlow, WidgetSession } from '../../core/flow.ts';
import { isUuid } from '../../lib/ids.ts';
import type { ResultView } from '../services.ts';
import { appOf } from './app.ts';
import { type ConnectPorts, LINK_SECONDS } from './ports.ts';

/** What the default result pages show, by session or attempt; undefined: there is neither. */
export async function resultView(ports: ConnectPorts, id: string): Promise<ResultView | undefined> {
  if (!isUuid(id)) return undefined;
  const session = await ports.store.sessions.byId(id);
  const flow = session ? undefined : await ports.store.flows.lookup(id);
  const owner = session ?? flow;
  const environment = owner && (await ports.store.environments.byId(owner.environmentId));
  if (!owner || !environment) return undefined;
  const connected = session ? session.completed : connectedOf(flow);
  const providerName = connected && ports.providers.find(connected.provider)?.name;
  const account = await accountOf(ports, owner, connected?.userId);
  return {
    app: appOf(environment),
    language: owner.language,
    providerName: providerName ?? (flow && ports.providers.find(flow.provider)?.name),
    accountLabel: account?.label,
    scopes: account?.scopes,
  };
}

function connectedOf(flow: AuthFlow | undefined): { userId: string; provider: string } | undefined {
  return flow?.state === 'connected' ? { userId: flow.userId, provider: flow.provider } : undefined;
}

/** Whose account it is may be an e-mail address: links that stay in a browser's history soon stop showing it. */
async function accountOf(ports: ConnectPorts, owner: WidgetSession | AuthFlow, userId: string | undefined) {
  const shownUntil = owner.expiresAt.getTime() + LINK_SECONDS * 1000;
  if (userId === undefined || ports.clock.now().getTime() > shownUntil) return undefined;
  return (await ports.store.connections.byUserId(owner.environmentId, userId))?.account;
}
