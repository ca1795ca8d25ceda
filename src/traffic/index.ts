import { gatewayApi } from './gateway-api.ts';
import type { Router } from './router.ts';

export { configuredRouters, routeStepProblems } from './configured.ts';
export type * from './router.ts';

/** Every traffic router. Only the process's entry points import this; everything else is handed what it needs. */
export const routers: readonly Router[] = [gatewayApi];
