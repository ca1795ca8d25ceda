import { STATE } from '../../api/index.ts';
import type { Effect, Observation } from '../../rollout/index.ts';

type Annotation = Extract<Effect, { kind: 'annotateReplicaSet' }>;

export function mayWait(effect: Effect): effect is Annotation {
  return effect.kind === 'annotateReplicaSet' && effect.mayWait === true;
}

/** What a ReplicaSet should remember, and does not yet: the writing of it waits for more. A process that ends takes it along. */
export interface Notes {
  of(key: string): Pick<Observation, 'note'>;
  /** `waiting`: what waits to be written for the key; undefined: nothing does. */
  keep(key: string, waiting: Annotation | undefined): void;
}

export function createNotes(): Notes {
  const notes = new Map<string, NonNullable<Observation['note']>>();
  return {
    of(key) {
      const note = notes.get(key);
      return note ? { note } : {};
    },
    keep(key, waiting) {
      const text = waiting?.annotations[STATE];
      if (waiting && text) notes.set(key, { replicaSet: waiting.name, text });
      else notes.delete(key);
    },
  };
}
