import { type KubeObject, type ReplicaSet, type Rollout, withoutNulls } from '../../api/index.ts';
import { inside, type Problem, problem } from '../../api/problems.ts';
import { messageOf } from '../../errors.ts';
import { ApiError, type Cause, isAlreadyExists, isInvalid } from '../../kube/client.ts';
import { replicaSets } from '../../kube/resources.ts';
import { firstReplicaSet, readRollout } from '../../rollout/index.ts';
import type { Cluster } from '../cluster.ts';
import { type Invocation, withCluster } from '../verb.ts';
import type { Finding, Source } from './documents.ts';
import { findings, isReadableRollout } from './objects.ts';

/** What the API server says of pod templates. */
export interface ServerAnswers {
  findings: Finding[];
  /** How many templates it has judged, whatever it said of them. */
  judged: number;
  /** Why it has not judged others, in a line each: nothing is known of these. */
  unasked: string[];
}

interface Trial {
  source: Source;
  replicaSet: ReplicaSet;
}

const TEMPLATE = 'spec.template';

/** Tries each Rollout's pod template on the API server, by a dry run: nothing is stored, whatever it answers. */
export async function askServer(invocation: Invocation, sources: Source[]): Promise<ServerAnswers> {
  const answers: ServerAnswers = { findings: [], judged: 0, unasked: [] };
  const trials = sources.flatMap(trialOf);
  if (trials.length === 0) return answers;
  try {
    await withCluster(invocation, async (cluster) => {
      for (const trial of trials) await ask(cluster, trial, answers);
      return 0;
    });
  } catch (error) {
    // No answer to one question is none to those after it.
    answers.unasked.push(`the API server could not be asked: ${messageOf(error)}`);
  }
  return answers;
}

/** The ReplicaSet to try. Pods that come from a workload were judged with that; without a name nothing can be made. */
function trialOf(source: Source): Trial[] {
  const object = source.object as unknown as KubeObject;
  if (!isReadableRollout(object)) return [];
  const { template, workloadRef } = object.spec;
  const name = nameOf(object);
  if (name === undefined || !template || workloadRef) return [];
  // In a template a null may mean something: in a map of texts it is an empty one.
  const stored = withoutNulls({ ...object, spec: { ...object.spec, template: undefined } }) as Rollout;
  const { rollout } = readRollout({
    ...stored,
    metadata: { ...stored.metadata, name },
    spec: { ...stored.spec, template },
  });
  return [{ source, replicaSet: firstReplicaSet(rollout) }];
}

/** Its name, or one like those that the API server makes of generateName. */
function nameOf({ metadata }: Partial<KubeObject>): string | undefined {
  const { name, generateName } = metadata ?? {};
  return name || (generateName ? `${generateName}aaaaa` : undefined);
}

/** Throws where there is no answer at all. */
async function ask({ client, namespace }: Cluster, { source, replicaSet }: Trial, answers: ServerAnswers) {
  const { metadata, ...rest } = replicaSet;
  try {
    await client.create(replicaSets, { ...rest, metadata: { namespace, ...metadata } }, { dryRun: true });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (isRefusal(error)) answers.findings.push(...findings(source, problemsOf(error)));
    // The server compares names last: one that is taken belongs to an object that has passed.
    else if (!isAlreadyExists(error)) {
      const place = `${source.file}:${source.lineOf(TEMPLATE)}: ${TEMPLATE}`;
      answers.unasked.push(`${place}: the API server could not be asked: ${error.message}`);
      return;
    }
  }
  answers.judged += 1;
}

/** Whether an answer is about the object: a policy may also forbid, with a cause, while missing rights have none. */
function isRefusal(error: ApiError): boolean {
  if (error.code === 403) return error.causes.length > 0;
  return isInvalid(error) && !isUntried(error);
}

/** A webhook that has effects of its own keeps the server from trying anything that it would be called for. */
function isUntried({ reason, message }: ApiError): boolean {
  return reason === 'BadRequest' && /^admission webhook ".*" does not support dry run$/.test(message);
}

/** Each cause at its field; what is not about fields, as a policy's refusal, in one. */
function problemsOf({ message, causes }: ApiError): Problem[] {
  const placed = causes.flatMap((cause) => {
    const path = pathInRollout(cause);
    return path === undefined ? [] : [problem(path, `the API server refuses it: ${cause.message}`)];
  });
  const unique = new Map(placed.map((one) => [`${one.path}: ${one.message}`, one]));
  const isAll = placed.length > 0 && placed.length === causes.length;
  return isAll
    ? [...unique.values()]
    : [problem(TEMPLATE, `the API server refuses its pods: ${message}; correct the template`)];
}

/** Where what a ReplicaSet has in other places, or the server calls by other names, stands in the Rollout. */
const ORIGINS: readonly [RegExp, string][] = [
  [/^(metadata|spec\.template)\.labels/, `${TEMPLATE}.metadata.labels`],
  [/^spec\.template\.annotations/, `${TEMPLATE}.metadata.annotations`],
];

function pathInRollout({ field }: Cause): string | undefined {
  if (!/^(metadata|spec)\b/.test(field)) return undefined;
  const origin = ORIGINS.find(([there]) => there.test(field));
  const path = origin ? field.replace(...origin) : field;
  // The server writes keys of maps in brackets, as in limits[nvidia.com/gpu].
  return path.replace(/\[([^\]]*[^\]\d][^\]]*)\]/g, (_, key: string) => `.${inside('', key)}`);
}
