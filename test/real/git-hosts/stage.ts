import { createGiteaHost } from '../../../src/git/hosts/gitea/index.ts';
import { createDialer } from '../../../src/net/index.ts';
import { type GiteaStage, setGiteaStage } from '../../conformance/gitea.ts';
import { readRealWorld } from '../../worlds/real/state.ts';

/** On the world's Gitea. */
export function stage(): Promise<GiteaStage> {
  const world = readRealWorld();
  if (!world?.gitea) throw new Error('the real world is not up');
  return setGiteaStage(world.gitea);
}

export const dialer = createDialer({ allowLoopback: true });

export const gitea = createGiteaHost({ send: (request) => dialer.request(request) });
