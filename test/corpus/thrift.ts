import { createHash } from 'node:crypto';
import type { Job, Renderer, Rendering } from '../../src/git/render/renderer.ts';
import type { Repositories } from '../../src/git/repository.ts';
import type { BareRepository } from './world.ts';

/** The same files are rendered to the same objects. */
export function rememberingRenderer(renderer: Renderer): Renderer {
  const known = new Map<string, Promise<Rendering>>();
  return {
    availability: renderer.availability,
    render({ files, ...job }) {
      const hash = createHash('sha256').update(JSON.stringify(job));
      for (const [path, content] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
        hash.update(`\0${path}\0${content.length}\0`).update(content);
      }
      const key = hash.digest('hex');
      const found = known.get(key) ?? renderer.render({ files, ...job } as Job);
      known.set(key, found);
      return found;
    },
  };
}

/** Clones of one repository, each fetched only when its branch has moved. */
export function idleFetches(repositories: Repositories, bare: BareRepository): Repositories {
  const heads = new Map<string, string>();
  return {
    open(location, branch, credentials) {
      const repository = repositories.open(location, branch, credentials);
      return {
        ...repository,
        async fetch() {
          const head = await bare.head(branch);
          if (head === undefined || heads.get(branch) !== head) heads.set(branch, await repository.fetch());
          return heads.get(branch) ?? '';
        },
      };
    },
  };
}
