import { setTimeout as sleep } from 'node:timers/promises';
import type { Tell } from './observer.ts';
import type { Cluster, Stage } from './stage.ts';

/** About how many writes of the controller an app's story has: what the kills are spread over. */
const STORY_WRITES = 130;

export interface Chaos {
  /** Resolves when every kill has happened; those that the story left over follow it, each in the controller's next write. */
  finish(): Promise<void>;
}

function unleashOn({ label, controller, onWrite }: Cluster, kills: number, writesBetween: number, tell: Tell): Chaos {
  let writes = 0;
  let restartsBefore = -1;
  /** Requests of a killed process may still arrive: nobody is killed twice. */
  const isAlive = () => controller.restarts > restartsBefore;
  const kill = () => {
    writes = 0;
    restartsBefore = controller.restarts;
    controller.killAndRestart();
    tell({ type: 'killed', restarts: restartsBefore + 1, ...(label !== undefined && { of: label }) });
  };
  onWrite(() => {
    writes++;
    if (writes >= writesBetween && controller.restarts < kills && isAlive()) kill();
  });
  return {
    async finish() {
      for (;;) {
        while (!isAlive()) await sleep(20);
        if (controller.restarts >= kills) return;
        await sleep(300);
        kill();
      }
    },
  };
}

/**
 * Kills the controllers in mid-work, spread over their writes on the API server, until they were restarted so often all
 * together.
 */
export function unleash({ clusters, scenes }: Stage, kills: number, tell: Tell): Chaos {
  const chaos = clusters.map((cluster, index) => {
    const share = Math.floor((kills + index) / clusters.length);
    const writes = (STORY_WRITES * scenes.length) / clusters.length;
    return unleashOn(cluster, share, Math.max(1, Math.floor(writes / Math.max(1, share))), tell);
  });
  return {
    async finish() {
      await Promise.all(chaos.map((each) => each.finish()));
    },
  };
}
