import { isUuid } from '../../lib/ids.ts';
import type { ConnectService } from '../services.ts';
import { finishFlow } from './callback.ts';
import { authenticateUser, chooseProvider } from './choose.ts';
import { expireFlows } from './expire.ts';
import type { ConnectPorts } from './ports.ts';
import { resultView } from './result.ts';
import { createSession, viewSession } from './session.ts';
import { startFlow } from './start.ts';

/** Connecting accounts: from a link or an app's own button to a connection and its events. */
export function createConnectService(ports: ConnectPorts): ConnectService {
  return {
    createSession: (environment, input) => createSession(ports, environment, input),
    authenticateUser: (environment, provider, input) => authenticateUser(ports, environment, provider, input),
    view: async (sessionId) => (isUuid(sessionId) ? viewSession(ports, sessionId) : undefined),
    choose: (sessionId, provider) => chooseProvider(ports, sessionId, provider),
    start: (flowId) => startFlow(ports, flowId),
    callback: (input) => finishFlow(ports, input),
    result: (id) => resultView(ports, id),
    expire: () => expireFlows(ports),
  };
}
