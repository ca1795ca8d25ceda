import { Agent } from 'node:http';
import { machineClock } from '../../../src/clock.ts';
import { createApiServer } from '../../../src/sandbox/api/index.ts';
import type { Side } from './side.ts';

/** The sandbox's API server without its garbage collector: next to the real one none runs either. */
export async function startSandbox(): Promise<Side> {
  const server = await createApiServer({ clock: machineClock(), collectsGarbage: false });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    name: 'sandbox',
    url: server.url,
    headers: {},
    agent,
    async stop() {
      agent.destroy();
      await server.stop();
    },
  };
}
