import { type KubeObject, typeProblems, unknownFields, validate } from '../api/index.ts';
import type { Resource } from '../kube/client.ts';
import { analysisRuns, analysisTemplates, clusterAnalysisTemplates, experiments, rollouts } from '../kube/resources.ts';
import { plain } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { getRollout } from './get.ts';
import { getExperiment } from './get-experiment.ts';
import { type Finding, findingLine, parseFile, type Source } from './lint/documents.ts';
import { manifestFiles } from './lint/files.ts';
import { findings, unreadable } from './lint/objects.ts';
import { clusterFlags, type Invocation, noNames, parseVerb, UsageError, type Verb, withCluster } from './verb.ts';

const creatable: Resource[] = [rollouts, experiments, analysisTemplates, clusterAnalysisTemplates, analysisRuns];
/** Those that `--watch` can show. */
const shows = new Map<string | undefined, Verb>([
  ['Rollout', getRollout],
  ['Experiment', getExperiment],
]);

export const create: Verb = {
  name: 'create',
  operands: '-f FILE',
  summary: 'create Rollouts, Experiments, AnalysisTemplates, ClusterAnalysisTemplates or AnalysisRuns from a file',
  flags: {
    filename: {
      type: 'string',
      short: 'f',
      value: 'FILE',
      multiple: true,
      description: 'a manifest of what to create',
    },
    watch: { type: 'boolean', short: 'w', description: 'then show the Rollout or Experiment whenever it changes' },
    color: { type: 'boolean', default: true, description: 'no colours' },
    ...clusterFlags,
  },
  async run(invocation) {
    const { names, texts, isSet, world } = invocation;
    noNames(create, names);
    if (texts('filename').length === 0) throw new UsageError('create needs a file: -f FILE', create);
    const sources = await readSources(texts('filename'));
    if (isSet('watch')) refuseUnwatchable(sources);
    const created: KubeObject[] = [];
    const code = await withCluster(invocation, async (cluster) => {
      for (const source of sources) {
        for (const doubt of doubtsOf(source)) world.stderr(`${plain(findingLine(doubt))}\n`);
        const object = await createObject(cluster, source);
        world.stdout(`${object.kind?.toLowerCase()}.argoproj.io/${object.metadata.name} created\n`);
        created.push(object);
      }
      return 0;
    });
    const [only] = created;
    return isSet('watch') && only !== undefined ? watch(invocation, only) : code;
  },
};

/** All objects of the files; nothing is created where one of them cannot be. */
export async function readSources(paths: string[]): Promise<Source[]> {
  const given = await Promise.all(paths.map(manifestFiles));
  const parsed = given.flatMap(({ files }) => files.map(({ file, text }) => parseFile(file, text)));
  const sources = parsed.flatMap((one) => one.sources);
  const wrong = [...parsed.flatMap((one) => one.findings), ...sources.flatMap(shapeFindings)];
  if (wrong.length > 0) throw new Error(`nothing was created:\n${wrong.map(findingLine).map(plain).join('\n')}`);
  if (sources.length === 0) throw new Error(`nothing was created: there is no object in ${paths.join(', ')}`);
  return sources;
}

/** What the API server would drop without a word, or refuse. */
function shapeFindings(source: Source): Finding[] {
  const object = source.object as unknown as KubeObject;
  const { kind, apiVersion = '' } = object;
  if (resourceOf(object) !== undefined) return findings(source, [...typeProblems(object), ...unknownFields(object)]);
  const known = creatable.map((resource) => resource.kind).join(', ');
  const message = `creates of ${apiVersion.split('/')[0]}/${kind} unsupported: known are ${known}; use kubectl create`;
  return findings(source, [{ path: 'kind', message }]);
}

/** What its controller will not accept, or not yet. */
function doubtsOf(source: Source): Finding[] {
  const object = source.object as unknown as KubeObject;
  return findings(source, [...validate(object), ...unreadable(object)], true);
}

function resourceOf({ kind, apiVersion }: KubeObject): Resource | undefined {
  if (!apiVersion?.startsWith('argoproj.io/')) return undefined;
  return creatable.find((resource) => resource.kind === kind);
}

function createObject({ client, namespace }: Cluster, { object }: Source): Promise<KubeObject> {
  const { metadata, ...rest } = object as unknown as KubeObject;
  const resource = resourceOf({ ...rest, metadata });
  if (resource === undefined) throw new Error(`creates of ${rest.kind} unsupported`);
  return client.create(resource, { ...rest, metadata: resource.namespaced ? { namespace, ...metadata } : metadata });
}

function refuseUnwatchable(sources: Source[]): void {
  if (sources.length > 1) throw new Error('Cannot watch multiple resources; create them without --watch');
  if (!sources.every(({ object }) => shows.has(String(object.kind)))) {
    throw new Error('Can only watch resources of type Rollout or Experiment; create it without --watch');
  }
}

/** As if `get --watch` had been called for it. */
async function watch({ world, text, isSet }: Invocation, { kind, metadata }: KubeObject): Promise<number> {
  const verb = shows.get(kind);
  if (verb === undefined) return 0;
  const { namespace = '', name } = metadata;
  const cluster = ['kubeconfig', 'context'].flatMap((flag) => (text(flag) ? [`--${flag}=${text(flag)}`] : []));
  const colour = isSet('color') ? [] : ['--no-color'];
  const noun = kind?.toLowerCase() ?? '';
  return verb.run(parseVerb(verb, world, [noun, name, '--watch', `--namespace=${namespace}`, ...cluster, ...colour]));
}
