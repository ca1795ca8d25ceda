import type { KubeObject } from '../../api/index.ts';
import {
  type Answer,
  type ObjectReference,
  type Reading,
  type Reference,
  read,
  referenceKey,
  references,
} from '../../git/provenance/index.ts';
import { ApiError, type KubeClient, type Resource } from '../../kube/client.ts';
import { apiVersionOf } from '../../kube/paths.ts';
import { applications, gitRepositories, helmReleases, kustomizations } from '../../kube/resources.ts';

export interface ProvenanceReaderOptions {
  client: Pick<KubeClient, 'get'>;
  /** Where Argo CD keeps its Applications. */
  argoCdNamespace?: string | undefined;
  /** Asks a repository which branch is its default, for an object of that namespace. Left out: what follows it is not known. */
  defaultBranch?: ((repository: string, namespace: string) => Promise<string | undefined>) | undefined;
}

export interface ProvenanceReader {
  /**
   * Where a live object came from. Costs no request where no tool has marked the object. What may not be read, or is not there,
   * is told in the answer; any other failure of the API server is thrown, to be tried again.
   */
  learn<T extends KubeObject>(resource: Resource<T>, object: T): Promise<Answer>;
}

const RESOURCES: Readonly<Record<ObjectReference['kind'], Resource>> = {
  Application: applications,
  Kustomization: kustomizations,
  HelmRelease: helmReleases,
  GitRepository: gitRepositories,
};

async function readObject({ client }: ProvenanceReaderOptions, { kind, ...key }: ObjectReference): Promise<Reading> {
  const { plural, group } = RESOURCES[kind];
  try {
    const object = await client.get(RESOURCES[kind], key);
    return object ? { object } : { problem: `is not there, or no ${plural}.${group} are installed` };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    return { problem: `may not be read: grant Headgate get on ${plural}.${group} (${error.message})` };
  }
}

async function readOne(options: ProvenanceReaderOptions, reference: Reference, namespace: string): Promise<Reading> {
  if (reference.kind !== 'DefaultBranch') return readObject(options, reference);
  const branch = await options.defaultBranch?.(reference.repository, namespace);
  return branch ? { branch } : { problem: 'is not known: name the branch instead of HEAD' };
}

/** What was asked last may be about a newer state of the object than the one in hand: that one's origin is then not told. */
async function confirm<T extends KubeObject>(
  client: ProvenanceReaderOptions['client'],
  resource: Resource<T>,
  { metadata }: T,
  answer: Answer,
): Promise<Answer> {
  const { namespace, name, uid, generation } = metadata;
  const live = await client.get(resource, { name, ...(namespace !== undefined && { namespace }) });
  if (live?.metadata.uid === uid && live?.metadata.generation === generation) return answer;
  const why = `${resource.kind} ${namespace}/${name} has changed while it was looked at`;
  return { known: false, reason: 'NotYet', why, looks: answer.looks };
}

/** Reads what sync tools say of an object, live: nothing of theirs is watched. */
export function createProvenanceReader(options: ProvenanceReaderOptions): ProvenanceReader {
  const { client, argoCdNamespace = 'argocd' } = options;
  return {
    async learn(resource, object) {
      // Lists leave both out.
      const whole = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
      const found = new Map<string, Reading>();
      // Ends, because nothing is asked for twice and each step leads to an object of another kind.
      for (;;) {
        const open = references(whole, found, { argoCdNamespace });
        if (open.length === 0) break;
        const readings = await Promise.all(
          open.map((reference) => readOne(options, reference, object.metadata.namespace ?? '')),
        );
        for (const [index, reading] of readings.entries()) found.set(referenceKey(open[index] as Reference), reading);
      }
      const answer = read(whole, found, { argoCdNamespace });
      return answer.known && found.size > 0 ? confirm(client, resource, object, answer) : answer;
    },
  };
}
