import { setTimeout as sleep } from 'node:timers/promises';
import type { Tell } from './observer.ts';
import type { Stage } from './stage.ts';

/** About how many writes of the controller a story has: what the kills are spread over. */
const STORY_WRITES = 130;

export interface Chaos {
  /** Resolves when every kill has happened; those that the story left over follow it, each in the controller's next write. */
  finish(): Promise<void>;
}

/** Kills the controller in mid-work, spread over its writes on the API server, until it was restarted so often. */
export function unleash({ controller, onWrite }: Stage, kills: number, tell: Tell): Chaos {
  const gap = Math.max(1, Math.floor(STORY_WRITES / Math.max(1, kills)));
  let writes = 0;
  let restartsBefore = -1;
  /** Requests of a killed process may still arrive: nobody is killed twice. */
  const isAlive = () => controller.restarts > restartsBefore;
  const kill = () => {
    writes = 0;
    restartsBefore = controller.restarts;
    controller.killAndRestart();
    tell({ type: 'killed', restarts: restartsBefore + 1 });
  };
  onWrite(() => {
    writes++;
    if (writes >= gap && controller.restarts < kills && isAlive()) kill();
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
