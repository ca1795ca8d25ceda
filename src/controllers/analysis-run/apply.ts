import { type Answer, type Finished, plainValues, secretArguments, substitute } from '../../analysis/index.ts';
import type { AnalysisRun, Metric } from '../../api/index.ts';
import type { JsonObject, Secret } from '../../api/kubernetes.ts';
import type { Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets as secretResource } from '../../kube/resources.ts';
import type { MetricProvider } from '../../metrics/provider.ts';
import type { Pools } from './pool.ts';

export interface Backends {
  client: KubeClient;
  clock: Clock;
  providers: ReadonlyMap<string, MetricProvider>;
  pools: Pools;
}

/** Providers have timeouts of their own; this one only ends what would never end. */
const LONGEST_QUESTION_MILLISECONDS = 600_000;

interface Arguments {
  values: ReadonlyMap<string, string>;
  secrets: string[];
}

/** Takes one measurement of a run. Never throws for anything outside: that is an answer too. */
export async function measure(run: AnalysisRun, metric: Metric, backends: Backends): Promise<Finished> {
  const { clock } = backends;
  const startedAt = clock.now();
  const args = await argumentsOf(run, metric, backends.client);
  const finish = (answer: Answer, { values, secrets }: Arguments): Finished => ({
    metric: metric.name,
    startedAt,
    finishedAt: clock.now(),
    answer,
    args: values,
    secrets,
  });
  if ('kind' in args) return finish(args, { values: new Map(), secrets: [] });
  return finish(await ask(metric, args, backends), args);
}

async function ask(metric: Metric, { values }: Arguments, { clock, providers, pools }: Backends): Promise<Answer> {
  const [key = '', raw] = Object.entries(metric.provider).find(([, settings]) => settings != null) ?? [];
  const provider = providers.get(key);
  if (provider === undefined) {
    return {
      kind: 'rejected',
      message: `the provider ${key} is not driven yet: use one of ${[...providers.keys()].join(', ')}`,
    };
  }
  const { value, problems } = substitute(raw as JsonObject, values);
  const [problem] = problems;
  if (problem !== undefined)
    return { kind: 'rejected', message: `unable to resolve metric arguments: ${problem.message}` };
  const address = typeof value.address === 'string' ? value.address : '';
  const question = { provider: value, timeoutMilliseconds: LONGEST_QUESTION_MILLISECONDS };
  try {
    return await pools.run(`${key} ${address}`, () => provider.measure({ ...question, now: clock.now() }));
  } catch (error) {
    return { kind: 'rejected', message: `the provider ${key} failed: ${messageOf(error)}` };
  }
}

/** All arguments of a run with their values; those in Secrets are read now, and only those that the metric uses. */
async function argumentsOf(run: AnalysisRun, metric: Metric, client: KubeClient): Promise<Arguments | Answer> {
  const args = run.spec.args ?? [];
  const values = new Map(plainValues(args));
  const secrets: string[] = [];
  const used = JSON.stringify(metric);
  const namespace = run.metadata.namespace ?? '';
  for (const { name, secret, key } of secretArguments(args).filter((arg) => used.includes(`args.${arg.name}`))) {
    const value = await secretValue(client, { namespace, name: secret }, key);
    if (typeof value !== 'string') return value;
    values.set(name, value);
    secrets.push(value);
  }
  return { values, secrets };
}

async function secretValue(
  client: KubeClient,
  at: { namespace: string; name: string },
  key: string,
): Promise<string | Answer> {
  let secret: Secret | undefined;
  try {
    secret = await client.get(secretResource, at);
  } catch (error) {
    return {
      kind: 'unreachable',
      message: `unable to resolve metric arguments: secret ${at.name}: ${messageOf(error)}`,
    };
  }
  const data = secret?.data?.[key];
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const missing = secret === undefined ? `secret "${at.name}" not found` : `secret "${at.name}" has no key "${key}"`;
  return { kind: 'rejected', message: `unable to resolve metric arguments: ${missing} in namespace ${at.namespace}` };
}
