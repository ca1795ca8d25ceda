import { templateHash } from '../../rollout/index.ts';
import { type Happening, unreadableTemplate } from '../events.ts';
import type { Resolved } from './resolve.ts';

/** Tells of what pods are made without, once for each template. Forgetting it all costs one more Event. */
export interface Losses {
  /** Nothing where all of the template can be read, and where it was told. */
  news(key: string, resolved: Pick<Resolved, 'rollout' | 'leftOut'>): Happening[];
  forget(key: string): void;
}

export function createLosses(): Losses {
  const told = new Map<string, { hash: string; message: string }>();
  return {
    news(key, { rollout, leftOut }) {
      const known = told.get(key);
      if (leftOut.length === 0 && known === undefined) return [];
      const hash = templateHash(rollout.spec.template ?? {});
      // What was taken out of the stored template may be written again by whatever tool wrote it before.
      if (leftOut.length === 0) {
        if (known?.hash !== hash) told.delete(key);
        return [];
      }
      const happening = unreadableTemplate(leftOut);
      if (known?.hash === hash && known.message === happening.message) return [];
      told.set(key, { hash, message: happening.message });
      return [happening];
    },
    forget: (key) => void told.delete(key),
  };
}
