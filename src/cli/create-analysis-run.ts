import { planRun, type TemplateLookup } from '../analysis/index.ts';
import {
  type AnalysisRun,
  type AnalysisRunSpec,
  type AnalysisTemplate,
  type Argument,
  INSTANCE_ID,
  type ObjectMeta,
  type TemplateRef,
} from '../api/index.ts';
import { analysisRuns, analysisTemplates, clusterAnalysisTemplates } from '../kube/resources.ts';
import type { Cluster } from './cluster.ts';
import { readSources } from './create.ts';
import { clusterFlags, type Flags, type Invocation, noNames, UsageError, type Verb, withCluster } from './verb.ts';

const flags: Flags = {
  from: { type: 'string', value: 'NAME', description: 'the AnalysisTemplate in the cluster' },
  'from-file': { type: 'string', value: 'FILE', description: 'or a file with one' },
  global: { type: 'boolean', description: 'a ClusterAnalysisTemplate instead' },
  argument: { type: 'string', short: 'a', value: 'NAME=VALUE', multiple: true, description: 'a value for an argument' },
  name: { type: 'string', value: 'NAME', description: "the run's name" },
  'generate-name': {
    type: 'string',
    value: 'PREFIX',
    description: "what its name begins with; else the template's name",
  },
  'instance-id': { type: 'string', value: 'ID', description: 'for the controller of that instance' },
  ...clusterFlags,
};

export const createAnalysisRun: Verb = {
  name: 'create',
  noun: ['analysisrun', 'ar'],
  operands: '--from NAME',
  summary: 'measure now: create an AnalysisRun from a template',
  flags,
  async run(invocation) {
    const { names, text, texts, isSet, world } = invocation;
    noNames(createAnalysisRun, names);
    if ((text('from') === undefined) === (text('from-file') === undefined)) {
      throw new UsageError('one of --from or --from-file must be specified', createAnalysisRun);
    }
    const args = texts('argument').map(argumentOf);
    return withCluster(invocation, async (cluster) => {
      const template = await readTemplate(cluster, invocation);
      const metadata = metadataOf(cluster, invocation, template);
      const spec = await specOf(cluster, template, args, isSet('global'));
      for (const { name } of args) {
        const known = spec.args?.map((arg) => arg.name) ?? [];
        if (known.includes(name)) continue;
        world.stderr(`warning: no template has the argument "${name}"; known are ${known.join(', ')}\n`);
      }
      const run: AnalysisRun = await cluster.client.create(analysisRuns, { metadata, spec });
      world.stdout(`analysisrun.argoproj.io/${run.metadata.name} created\n`);
      return 0;
    });
  },
};

function argumentOf(text: string): Argument {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new UsageError(`arguments must be in the form NAME=VALUE, which "${text}" is not`, createAnalysisRun);
}

async function readTemplate(cluster: Cluster, { text, isSet }: Invocation): Promise<AnalysisTemplate> {
  const kind = isSet('global') ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  const file = text('from-file');
  if (file === undefined) {
    const name = text('from') ?? '';
    const found = await findTemplate(cluster, { templateName: name, clusterScope: isSet('global') });
    if (found !== undefined) return found;
    const where = isSet('global') ? '' : ` in namespace "${cluster.namespace}"`;
    throw new Error(`${kind.toLowerCase()}s.argoproj.io "${name}" not found${where}`);
  }
  const objects = (await readSources([file])).map(({ object }) => object as unknown as AnalysisTemplate);
  const [template, ...others] = objects.filter((object) => object.kind === kind);
  if (template !== undefined && others.length === 0) return template;
  const count = others.length === 0 ? 'no' : 'more than one';
  const hint = isSet('global') ? '' : '; for a ClusterAnalysisTemplate add --global';
  throw new Error(`there is ${count} ${kind} in ${file}${template === undefined ? hint : ''}`);
}

function findTemplate({ client, namespace }: Cluster, { templateName = '', clusterScope }: TemplateRef) {
  return clusterScope
    ? client.get(clusterAnalysisTemplates, { name: templateName })
    : client.get(analysisTemplates, { namespace, name: templateName });
}

/** The template's labels and annotations go with the run, but not what `kubectl apply` noted there. */
function metadataOf(
  { namespace }: Cluster,
  { text }: Invocation,
  { metadata: { name: template, labels, annotations } }: AnalysisTemplate,
): ObjectMeta {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...kept } = annotations ?? {};
  const instance = text('instance-id');
  const own = { ...labels, ...(instance === undefined ? {} : { [INSTANCE_ID]: instance }) };
  const name = text('name') ?? '';
  const prefix = text('generate-name') ?? (template ? `${template}-` : '');
  if (name === '' && prefix === '') throw new Error('name is invalid: the template has none; give --name');
  return {
    name,
    ...(name === '' ? { generateName: prefix } : {}),
    namespace,
    ...(Object.keys(own).length > 0 ? { labels: own } : {}),
    ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}),
  };
}

/** What the template and those that it refers to measure, with all arguments. */
async function specOf(
  cluster: Cluster,
  template: AnalysisTemplate,
  args: Argument[],
  clusterScope: boolean,
): Promise<AnalysisRunSpec> {
  const root: TemplateRef = { templateName: template.metadata.name, clusterScope };
  const known = new Map([[keyOf(root), template.spec]]);
  const open = [...(template.spec.templates ?? [])];
  for (let ref = open.shift(); ref !== undefined; ref = open.shift()) {
    if (known.has(keyOf(ref))) continue;
    const found = await findTemplate(cluster, ref);
    if (found === undefined) continue;
    known.set(keyOf(ref), found.spec);
    open.push(...(found.spec.templates ?? []));
  }
  const lookup: TemplateLookup = (name, global) => known.get(keyOf({ templateName: name, clusterScope: global }));
  const plan = planRun({ templates: [root], args }, lookup, 'spec');
  if (plan.spec === undefined) {
    const hint = plan.problems.some(({ path }) => path.startsWith('spec.args')) ? ' with --argument NAME=VALUE' : '';
    throw new Error(`${plan.problems.map(({ message }) => message).join('; ')}${hint}`);
  }
  // Templates that declare no arguments may use them nevertheless.
  return plan.spec.args === undefined && args.length > 0 ? { ...plan.spec, args } : plan.spec;
}

function keyOf({ templateName = '', clusterScope = false }: TemplateRef): string {
  return `${clusterScope ? 'cluster' : 'namespace'}/${templateName}`;
}
