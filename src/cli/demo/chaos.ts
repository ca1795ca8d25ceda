import { setTimeout as sleep } from 'node:timers/promises';
import type { Tell } from './observer.ts';
import type { Stage } from './stage.ts';

/** About how many writes of the controller a story has: what the kills are spread over. */
const STORY_WRITES = 130;

export interface Chaos {
  /** Resolves when every kill has happened; those that the story left over follow it, each in the controller's next write. */
  finish(): Promise<void>;
}

/** Kills the controller in mid-work, spread over its writes on the API server. */
export function unleash(stage: Stage, kills: number, tell: Tell): Chaos {
  const gap = Math.max(1, Math.floor(STORY_WRITES / Math.max(1, kills)));
  let left = kills;
  let writes = 0;
  let restartsBefore = -1;
  /** Requests of a killed process may still arrive: nobody is killed twice. */
  const isAlive = () => stage.controller.restarts > restartsBefore;
  const kill = () => {
    left--;
    writes = 0;
    restartsBefore = stage.controller.restarts;
    stage.controller.killAndRestart();
    tell({ type: 'killed', restarts: kills - left });
  };
  stage.onWrite(() => {
    writes++;
    if (left > 0 && writes >= gap && isAlive()) kill();
  });
  return {
    async finish() {
      for (;;) {
        while (!isAlive()) await sleep(20);
        if (left === 0) return;
        await sleep(300);
        kill();
      }
    },
  };
}
