import type { Clock } from '../../clock.ts';
import { collectGarbage } from '../api/garbage.ts';
import { createStore } from '../api/in-process.ts';
import { createRegistry } from '../api/registry.ts';
import { createStorage } from '../api/storage.ts';
import type { Store } from '../api/types.ts';

/** The embedded API server without its HTTP side, for the tests of what stands around it. */
export function createTestingStore(clock: Clock): Store {
  const storage = createStorage({ clock, watchWindow: 1000 });
  const registry = createRegistry({ storage, clock });
  collectGarbage({ storage, registry });
  const store = createStore({ storage, registry });
  for (const name of ['default', 'shop']) store.create('Namespace', { metadata: { name } });
  return store;
}
