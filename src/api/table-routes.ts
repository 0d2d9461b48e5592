import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authenticate } from './authenticate.ts';
import { inputReader } from './input.ts';
import { type Context, type Ports, type Route, routePaths } from './route.ts';
import { corsHeaders, preflightHeaders } from './security.ts';

function handler(route: Route, ports: Ports): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const reader = inputReader(route);
  return async (request, reply) => {
    const context: Context = {
      ...ports,
      environment: request.environment as never,
      params: reader.params(request.params),
      query: reader.query(request.query),
      body: reader.body(request.body),
      reference: request.id,
      request,
      reply,
    };
    return route.handle(context);
  };
}

/** Registers the routes of the table under their paths. */
export function tableRoutes(
  routes: readonly Route[],
  ports: Ports,
  prefixes: readonly string[],
): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    for (const route of routes) {
      const handle = handler(route, ports);
      for (const url of routePaths(route, prefixes)) {
        scope.route({
          method: route.method,
          url,
          config: { route },
          // A HEAD of the callback would use it up.
          exposeHeadRoute: route.method === 'GET' && route.face !== 'html',
          ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
          onRequest: async (request, reply) => {
            if (route.cors) corsHeaders(reply);
            request.environment = await authenticate(route, ports.services, request);
          },
          handler: handle,
        });
        if (route.cors) {
          scope.options(url, async (_request, reply) => {
            preflightHeaders(reply);
            return reply.code(204).send();
          });
        }
      }
    }
  };
}
