import type { Route } from './route.ts';
import { systemRoutes } from './system.ts';
import { authRoutes } from './v2/auth.ts';
import { callbackRoutes } from './v2/callback.ts';
import { dataRoutes } from './v2/data.ts';
import { integrationRoutes } from './v2/integrations.ts';
import { userRoutes } from './v2/users.ts';
import { writeRoutes } from './v2/writes.ts';

/** Every route of the HTTP interface, in the order of the documentation. */
export const routes: readonly Route[] = [
  ...authRoutes,
  ...callbackRoutes,
  ...userRoutes,
  ...integrationRoutes,
  ...dataRoutes,
  ...writeRoutes,
  ...systemRoutes,
];
