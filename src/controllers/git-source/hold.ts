import type { GitRevert, GitSource } from '../../api/index.ts';
import { Stalled } from '../../errors.ts';
import type { Clone } from '../../git/clone.ts';
import { canonicalRepository } from '../../git/url.ts';
import { circleThrough, unreadyReason } from './dependencies.ts';
import type { GitSourceOptions } from './options.ts';
import { type Hold, windowHold } from './windows.ts';

/** Throws `Stalled` where a source depends on itself. */
export function checkCircles({ metadata }: GitSource, { sources }: Pick<GitSourceOptions, 'sources'>): void {
  const circle = circleThrough(metadata.name, (name) => sources.get(metadata.namespace, name)?.spec.dependsOn ?? []);
  if (circle === undefined) return;
  const message = `spec.dependsOn goes round in a circle, so that none could ever begin: ${circle.join(' -> ')}. Take one of these dependencies out`;
  throw new Stalled('DependencyCircle', message);
}

interface Seen {
  clone: Clone;
  head: string;
  /** Whether this commit, or this spec, was not applied as a whole yet. */
  isNews: boolean;
}

async function dependencyHold(
  { sources }: GitSourceOptions,
  source: GitSource,
  { clone, head }: Seen,
): Promise<Hold | undefined> {
  const { url, branch } = source.spec.repository;
  for (const name of source.spec.dependsOn ?? []) {
    const other = sources.get(source.metadata.namespace, name);
    const repository = other?.spec.repository;
    const isSameBranch =
      repository?.branch === branch && canonicalRepository(repository.url) === canonicalRepository(url);
    const last = other?.status?.lastAppliedCommit;
    const hasCommit = !isSameBranch || last === head || (last !== undefined && (await clone.isAncestor(head, last)));
    const message = unreadyReason({ name, source: other, hasCommit });
    if (message !== undefined) return { reason: 'WaitingForDependencies', message, holdsReverts: false };
  }
  return undefined;
}

/**
 * What keeps a source from applying all that it has seen. Dependencies hold up what is new only: what is applied already is kept
 * applied while one of them is changing.
 */
export async function holdOf(options: GitSourceOptions, source: GitSource, seen: Seen): Promise<Hold | undefined> {
  const closed = windowHold(source.spec.windows ?? [], options.clock.now());
  if (closed !== undefined || !seen.isNews) return closed;
  return dependencyHold(options, source, seen);
}

const LANDED: readonly unknown[] = ['landed', 'merged', 'observed', 'done'];

/** The commits on this source's branch that have taken a failed change back, as the records of it say. */
export function returningCommits(reverts: readonly GitRevert[], { repository }: GitSource['spec']): Set<string> {
  const own = canonicalRepository(repository.url);
  const landed = reverts.filter(
    ({ spec, status }) =>
      LANDED.includes(status?.state) &&
      spec.branch === repository.branch &&
      canonicalRepository(spec.repository) === own,
  );
  return new Set(landed.flatMap(({ status }) => status?.commit ?? []));
}
