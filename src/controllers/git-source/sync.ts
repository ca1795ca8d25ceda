import type { GitSource } from '../../api/index.ts';
import { type Problem, Waiting } from '../../errors.ts';
import { type AppContents, readApp } from '../../git/app.ts';
import { identityOf, type Manifest, type ParsedFiles, placeOf } from '../../git/manifests.ts';
import { ApiError } from '../../kube/client.ts';
import { secrets } from '../../kube/resources.ts';
import { credentialsIn } from '../credentials.ts';
import { type Applied, applyObject, desiredObject, isRefusal } from './apply.ts';
import { type Owned, ownedBy } from './carry-over.ts';
import type { Checked } from './check.ts';
import { applyOrder } from './kinds.ts';
import type { GitSourceOptions } from './options.ts';
import { type Origins, originsOf } from './origins.ts';
import type { SyncResult } from './status.ts';

/** What is kept between two looks; all of it can be found out again. */
export interface Memory {
  generation: number | undefined;
  /** World time, milliseconds since the epoch. */
  nextLook: number;
  parsed: ParsedFiles;
  /** What was read without a problem, of the last head. */
  read: { head: string; contents: AppContents } | undefined;
  origins: Origins | undefined;
  applied: Map<string, Applied>;
}

export function newMemory(generation: number | undefined): Memory {
  return { generation, nextLook: 0, parsed: new Map(), read: undefined, origins: undefined, applied: new Map() };
}

/** Read as the source's own service account: who may create a GitSource sees no Secret that the account may not see. */
async function credentialsOf(
  options: GitSourceOptions,
  { spec }: GitSource,
  { namespace, user }: Checked,
): Promise<Partial<ReturnType<typeof credentialsIn>>> {
  const name = spec.repository.secretRef?.name;
  if (name === undefined) return {};
  const client = options.client.as(user);
  const secret = await client.get(secrets, { namespace, name }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    const message = `ServiceAccount ${spec.serviceAccountName} may not get Secret ${name} in namespace ${namespace}: grant it get on that Secret, or leave spec.repository.secretRef out (${error.message})`;
    throw new Waiting('SecretForbidden', message, 30);
  });
  if (!secret) throw new Waiting('SecretMissing', `Secret ${name} is not there in namespace ${namespace}`, 30);
  return credentialsIn(secret);
}

/** What Rollouts own in a namespace: those that run, and those that are about to. */
function ownedIn(
  { rollouts }: GitSourceOptions,
  namespace: string,
  manifests: readonly Manifest[],
  home: string,
): Owned {
  const inGit = manifests.map(({ object }) => object).filter(({ kind }) => kind === 'Rollout');
  const here = inGit.filter(({ metadata }) => (metadata.namespace ?? home) === namespace);
  return ownedBy([...rollouts.list(namespace), ...here]);
}

/** Something that the API server refused. */
interface Refused extends Problem {
  /** The server's reason, in one word: Forbidden, Invalid, ... */
  reason: string;
}

/** Applies all, whatever becomes of each; answers what the API server refused. */
async function applyAll(
  options: GitSourceOptions,
  source: GitSource,
  { user, path, namespace: home }: Checked,
  manifests: readonly Manifest[],
  memory: Memory,
): Promise<Refused[]> {
  const client = options.client.as(user);
  const refused: Refused[] = [];
  for (const manifest of [...manifests].sort((a, b) => applyOrder(a.object) - applyOrder(b.object))) {
    const identity = identityOf(manifest.object, home);
    const desired = desiredObject(manifest, source, path, memory.origins?.commits.get(identity) ?? '');
    const owned = ownedIn(options, desired.metadata.namespace ?? '', manifests, home);
    try {
      memory.applied.set(identity, await applyObject(client, desired, owned, memory.applied.get(identity)));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const message = `${desired.kind} ${desired.metadata.name} was refused: ${error.message}`;
      refused.push({ path: placeOf(manifest), message, reason: error.reason });
    }
  }
  return refused;
}

/** The first problem, for a condition. */
function summary([first, ...more]: readonly Problem[]): string {
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  return first ? `${first.path}: ${first.message}${others}` : '';
}

/** One look: what Git holds is made to hold in the cluster. A commit that cannot be read whole is not applied at all. */
export async function sync(
  options: GitSourceOptions,
  source: GitSource,
  checked: Checked,
  memory: Memory,
): Promise<SyncResult> {
  const { location, branch, path, namespace, helm } = checked;
  const repository = options.repositories.open(location, branch, await credentialsOf(options, source, checked));
  const head = await repository.fetch();
  const app = { tree: head, path, namespace, helm };
  const reading = { renderer: options.renderer, parsed: memory.parsed };
  const contents = memory.read?.head === head ? memory.read.contents : await readApp(repository, app, reading);
  const { manifests, problems } = contents.set;
  if (problems.length > 0) {
    const message = `commit ${head.slice(0, 7)} was not applied: ${summary(problems)}`;
    return { ready: false, reason: 'InvalidManifests', message, head, problems };
  }
  memory.read = { head, contents };
  if (memory.origins?.head !== head) {
    memory.origins = await originsOf(repository, contents, { ...reading, app, known: memory.origins });
  }
  const refused = await applyAll(options, source, checked, manifests, memory);
  if (refused.length > 0) {
    const isForbidden = refused.every((each) => each.reason === 'Forbidden');
    const reason = isForbidden ? 'Forbidden' : 'ApplyFailed';
    return { ready: false, reason, message: summary(refused), head, problems: refused };
  }
  const message = `${manifests.length} objects of commit ${head.slice(0, 7)} are applied`;
  return { ready: true, reason: 'Applied', message, head, applied: { commit: head, objects: manifests.length } };
}
