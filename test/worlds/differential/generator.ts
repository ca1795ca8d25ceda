/** Sequences of operations from a seed: the same seed gives the same ones, whatever the servers answer. */
import { type Choice, KINDS, METADATA, MISTAKES, type Path, type TestedKind } from './kinds.ts';
import type { Edit, Operation, PatchType, Sequence, Uid, Version } from './operations.ts';
import { createRandom, type Random } from './random.ts';

/** Few names, so that operations meet. */
const NAMES = ['a', 'b', 'c'];
const BAD_NAMES = ['Not_Good', 'x.y', 'x'.repeat(64), 'missing', '-x'];
const MANAGERS = ['one', 'two', 'three'];
const LENGTH = 40;
const SELECTORS = [
  'app=a',
  'app!=a',
  'app in (a,b)',
  'app notin (a)',
  'app',
  '!app',
  'app=a,tier=x',
  '=',
  'app in',
  'app==b',
  'a b',
];

interface Context {
  random: Random;
  /** The kinds that this sequence is about. */
  kinds: readonly TestedKind[];
  /** Before the names of objects outside of namespaces. */
  prefix: string;
  sentinels: number;
  /** Kinds of which the server chose a name: by a second one the two would list them in different orders. */
  named: Set<string>;
}

type Base = Pick<Operation, 'kind' | 'name' | 'subresource' | 'query'>;

function pickKind({ random, kinds }: Pick<Context, 'random' | 'kinds'>): TestedKind {
  const weights = Object.fromEntries(kinds.map((kind) => [kind.kind, kind.weight]));
  const name = random.weighted(weights);
  return kinds.find((kind) => kind.kind === name) as TestedKind;
}

function pickName({ random, prefix }: Context, kind: TestedKind): string {
  const name = random.chance(0.03) ? random.pick(BAD_NAMES) : random.pick(NAMES);
  return kind.cluster ? `${prefix}-${name}` : name;
}

/** Of these the real server takes what nobody should send, and then loses track of who wrote what. */
const SPARED = new Set(['managedFields', 'creationTimestamp', 'restartAt', 'startedAt']);

function pickEdit(random: Random, choices: readonly Choice[]): Edit {
  const { path, values } = random.pick(choices);
  return {
    path,
    value: random.chance(0.06) && !SPARED.has(String(path.at(-1))) ? random.pick(MISTAKES) : random.pick(values),
  };
}

function isStatus({ path }: { path: Path }): boolean {
  return path[0] === 'status';
}

/** Mostly of the fields that the subresource is for. */
function choicesFor(random: Random, kind: TestedKind, subresource: string): readonly Choice[] {
  const odd = random.chance(0.15);
  if (subresource === 'scale') {
    return [{ path: ['spec', 'replicas'], values: [0, 1, 4, -1, '2', null, undefined] }, ...(odd ? METADATA : [])];
  }
  const named = ['kind', 'apiVersion'];
  if (odd) return subresource === 'status' ? METADATA.filter(({ path }) => !named.includes(String(path[0]))) : METADATA;
  const fitting = kind.choices.filter((each) => isStatus(each) === (subresource === 'status'));
  return fitting.length > 0 ? fitting : kind.choices;
}

function pickEdits(random: Random, kind: TestedKind, subresource: string, most = 3): Edit[] {
  const count = random.integer(most + 1);
  return Array.from({ length: count }, () => pickEdit(random, choicesFor(random, kind, subresource)));
}

function pickQuery(random: Random): Record<string, string> {
  const query: Record<string, string> = {};
  if (random.chance(0.5)) query.fieldManager = random.pick(MANAGERS);
  if (random.chance(0.06)) query.dryRun = random.pick(['All', 'All', 'Wrong', '']);
  if (random.chance(0.25)) query.fieldValidation = random.pick(['Strict', 'Strict', 'Warn', 'Ignore', 'Wrong']);
  return query;
}

function pickSubresource(random: Random, kind: TestedKind): Operation['subresource'] {
  if (random.chance(0.01)) return 'unknown';
  if (kind.status && random.chance(0.35)) return 'status';
  if (kind.scale && random.chance(0.15)) return 'scale';
  return random.chance(0.02) ? random.pick(['status', 'scale']) : '';
}

const VERSIONS: Record<Version, number> = { fresh: 6, stale: 1.5, none: 2, wrong: 0.3 };
const UIDS: Record<Uid, number> = { none: 8, own: 2, wrong: 1 };

/** Bodies that are no objects (never null: the real server then keeps its lock on Services, and answers no more), and types of bodies that are not understood. */
function spoilt(random: Random): { contentType?: string; body?: string } {
  if (!random.chance(0.03)) return {};
  return random.pick([
    { body: '{"kind":' },
    { body: '[]' },
    { body: '' },
    { body: '"text"' },
    { contentType: 'text/plain' },
    { contentType: 'application/yaml' },
    { contentType: 'application/merge-patch+json' },
    { body: 'a: [b', contentType: 'application/yaml' },
  ]);
}

function create(context: Context, base: Base): Operation {
  const { random } = context;
  const operation = { ...base, verb: 'create', edits: pickEdits(random, base.kind, ''), ...spoilt(random) } as const;
  if (random.chance(0.02)) return { ...operation, elsewhere: 'nowhere' };
  if (!random.chance(0.05) || context.named.has(base.kind.kind)) return operation;
  context.named.add(base.kind.kind);
  return { ...operation, generateName: true };
}

function update(context: Context, base: Base): Operation {
  const { random } = context;
  const subresource = pickSubresource(random, base.kind);
  const edits = pickEdits(random, base.kind, subresource);
  return { ...base, verb: 'update', subresource, edits, version: random.weighted(VERSIONS), ...spoilt(random) };
}

function pointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function jsonOperations(random: Random, edits: readonly Edit[]): unknown {
  if (random.chance(0.03))
    return random.pick([{}, 'text', [{}], [{ op: 'wrong', path: '/a' }], [{ op: 'add', path: 'a' }], null]);
  return edits.map(({ path, value }) => {
    const at = pointer(path);
    if (value === undefined) return { op: 'remove', path: at };
    const op = random.weighted({ add: 6, replace: 4, test: 1, copy: 0.3, move: 0.3 });
    if (op === 'copy' || op === 'move')
      return { op, from: at, path: random.pick(['/metadata/annotations/x', '/spec/x', '/data/x']) };
    return { op, path: at, value };
  });
}

/** The object that a path leads through, as a patch writes it: items of lists by their name. */
function nested({ path, value }: Edit): Record<string, unknown> {
  const [first, ...rest] = path;
  if (rest.length === 0) return { [String(first)]: value === undefined ? null : value };
  const below = nested({ path: rest, value });
  if (typeof rest[0] !== 'number') return { [String(first)]: below };
  const item = below[String(rest[0])];
  const isPort = first === 'ports';
  return { [String(first)]: [{ ...(isPort ? { containerPort: 80 } : { name: 'main' }), ...(item as object) }] };
}

function mergedInto(target: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    const bothMaps = [old, value].every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));
    result[key] = bothMaps ? mergedInto(old as Record<string, unknown>, value as Record<string, unknown>) : value;
  }
  return result;
}

/** Where a directive has something to direct. */
function suits(directive: Record<string, unknown>, { kind }: TestedKind): boolean {
  const text = JSON.stringify(directive);
  if ('data' in directive) return kind === 'ConfigMap' || kind === 'Secret';
  if ('status' in directive) return kind === 'Pod' || kind === 'ReplicaSet';
  if (text.includes('"template"')) return kind === 'ReplicaSet';
  if (text.includes('"containers"')) return kind === 'Pod';
  return text.includes('"ports"') ? kind === 'Service' : true;
}

function mergeBody(random: Random, edits: readonly Edit[], isStrategic: boolean, kind: TestedKind): unknown {
  if (random.chance(0.02)) return random.pick([[], 'text', null, { metadata: null }, { spec: null }, {}]);
  const plain = edits.reduce((patch, edit) => mergedInto(patch, nested(edit)), {});
  if (!isStrategic || !random.chance(0.3)) return plain;
  const directives = [
    { metadata: { labels: { $patch: 'replace', app: 'a' } } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/hold'], finalizers: ['example.com/more'] } },
    { spec: { containers: [{ name: 'main', $patch: 'delete' }] } },
    {
      spec: {
        template: {
          spec: {
            containers: [{ name: 'side', image: 's:1' }],
            '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }],
          },
        },
      },
    },
    {
      spec: {
        ports: [
          { port: 80, $patch: 'delete' },
          { port: 82, name: 'c' },
        ],
      },
    },
    { spec: { ports: [{ port: 80, name: 'a' }], '$setElementOrder/ports': [{ port: 80 }] } },
    { data: { $patch: 'replace', z: '1' } },
    { data: { $patch: 'delete' } },
    { data: { $retainKeys: ['a'], a: '9' } },
    { metadata: { ownerReferences: [{ uid: 'u', $patch: 'delete' }] } },
    { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
    { spec: { template: { spec: { containers: [{ image: 'no-name' }] } } } },
  ];
  return mergedInto(plain, random.pick(directives.filter((each) => suits(each, kind))));
}

function patch(context: Context, base: Base): Operation {
  const { random } = context;
  const picked: PatchType = random.weighted({
    merge: 5,
    json: 3,
    strategic: base.kind.custom ? 0.3 : 4,
    apply: 5,
    wrong: 0.1,
  });
  const subresource = pickSubresource(random, base.kind);
  // Nobody applies a number of replicas.
  const type = picked === 'apply' && subresource === 'scale' ? 'merge' : picked;
  const common = { ...base, verb: 'patch', type, subresource } as const;
  const guard = {
    version: random.weighted({ ...VERSIONS, fresh: 1, none: 12 }),
    uid: random.weighted({ ...UIDS, none: 20 }),
  };
  if (type === 'apply') return applyPatch(context, { ...common, ...guard });
  const edits = pickEdits(random, base.kind, subresource);
  const usable = type === 'merge' ? edits.filter(({ path }) => !path.some((key) => typeof key === 'number')) : edits;
  const body =
    type === 'json' ? jsonOperations(random, usable) : mergeBody(random, usable, type === 'strategic', base.kind);
  return { ...common, ...guard, body };
}

function applyPatch(
  context: Context,
  common: Base & Pick<Extract<Operation, { verb: 'patch' }>, 'verb' | 'type' | 'version' | 'uid'>,
): Operation {
  const { random } = context;
  const { kind, subresource } = common;
  const query = { ...common.query };
  if (!random.chance(0.03)) query.fieldManager = random.pick(MANAGERS);
  if (random.chance(0.3)) query.force = random.pick(['true', 'true', 'false']);
  // To apply nothing in place of a whole spec or status is asking for trouble of its own.
  const isWhole = ({ path, value }: Edit) => path.length === 1 && (value === undefined || value === null);
  const all = pickEdits(random, kind, subresource).filter((edit) => !isWhole(edit));
  const edits = all.filter(({ value }) => value !== null || random.chance(0.3));
  // A whole object, a few fields of one, or its status.
  const whole = subresource === '' && random.chance(0.7);
  const fields = edits.filter(({ path }) => !path.some((key) => typeof key === 'number'));
  const partial = fields.reduce((object, edit) => mergedInto(object, nested(edit)), {});
  // What is only tried gives its version back, whichever it said.
  const version = query.dryRun === undefined ? common.version : 'none';
  return { ...common, version, query, body: whole ? { whole: true, edits } : { whole: false, partial } };
}

function deleteBody(random: Random): Record<string, unknown> | undefined {
  const roll = random.integer(8);
  if (roll < 3) return undefined;
  if (roll === 3)
    return random.pick([
      { orphanDependents: true },
      { orphanDependents: false },
      { gracePeriodSeconds: 0 },
      { gracePeriodSeconds: 10 },
      { dryRun: ['All'] },
      { dryRun: ['x'] },
      { unknown: 1 },
      { gracePeriodSeconds: -1 },
      { kind: 'DeleteOptions', apiVersion: 'v1' },
      { propagationPolicy: 'Orphan', orphanDependents: true },
    ]);
  return { propagationPolicy: random.pick(['Background', 'Foreground', 'Orphan', 'Background', 'Wrong']) };
}

function remove(context: Context, base: Base): Operation {
  const { random } = context;
  const query: Record<string, string> = {};
  if (random.chance(0.15)) query.propagationPolicy = random.pick(['Background', 'Foreground', 'Orphan']);
  if (random.chance(0.1)) query.gracePeriodSeconds = random.pick(['0', '5']);
  const version = random.weighted({ ...VERSIONS, none: 20 });
  return { ...base, verb: 'delete', query, version, uid: random.weighted(UIDS), body: deleteBody(random) };
}

function selection({ random, prefix }: Context, kind: TestedKind): Record<string, string> {
  const query: Record<string, string> = {};
  const own = kind.cluster ? [`sequence=${prefix}`] : [];
  const labels = random.chance(0.35) ? [...own, random.pick(SELECTORS)] : own;
  if (labels.length > 0) query.labelSelector = labels.join(',');
  if (random.chance(0.2)) {
    query.fieldSelector = random.pick([
      'metadata.name=a',
      'metadata.name!=a',
      'metadata.namespace=x',
      'nonsense',
      'a.b=c',
      ...kind.fieldSelectors,
    ]);
  }
  return query;
}

function removeCollection(context: Context, base: Base): Operation {
  const { random } = context;
  const body = deleteBody(random);
  return { ...base, verb: 'deleteCollection', name: '', query: selection(context, base.kind), body };
}

function list(context: Context, base: Base): Operation {
  const { random } = context;
  const query = selection(context, base.kind);
  if (random.chance(0.5)) query.limit = random.pick(['1', '2', '500', '0', 'x', '-1']);
  const at = random.weighted({ none: 6, fresh: 1, start: 0.5 });
  if (at !== 'none' && random.chance(0.7)) query.resourceVersionMatch = random.pick(['Exact', 'NotOlderThan', 'Wrong']);
  if (at === 'none' && random.chance(0.03)) query.resourceVersionMatch = 'Exact';
  if (random.chance(0.01)) query.resourceVersion = 'x';
  if (random.chance(0.01)) query.continue = 'nonsense';
  return { ...base, verb: 'list', name: '', query, at, changeBetween: random.chance(0.3) };
}

/** Selections that the object which ends the watch is in. */
const WATCHED: readonly Record<string, string>[] = [
  {},
  {},
  { labelSelector: 'app=a' },
  { labelSelector: 'app!=b' },
  { labelSelector: 'app in (a,b)' },
  { fieldSelector: 'metadata.name!=a' },
];

function withSequence(query: Record<string, string>, kind: TestedKind, prefix: string): Record<string, string> {
  if (!kind.cluster) return query;
  const { labelSelector } = query;
  return { ...query, labelSelector: [labelSelector, `sequence=${prefix}`].filter(Boolean).join(',') };
}

function watch(context: Context, base: Base): Operation {
  const { random, prefix } = context;
  const query = withSequence(random.pick(WATCHED), base.kind, prefix);
  const from = random.weighted({ start: 5, none: 1, zero: 1, initial: 1 });
  return { ...base, verb: 'watch', name: '', query, from, sentinel: `${prefix}-s${context.sentinels++}` };
}

const OPERATIONS = {
  create: { weight: 7, make: create },
  update: { weight: 5, make: update },
  patch: { weight: 11, make: patch },
  delete: { weight: 3.5, make: remove },
  deleteCollection: { weight: 0.4, make: removeCollection },
  get: { weight: 2, make: (_: Context, base: Base): Operation => ({ ...base, verb: 'get', query: {} }) },
  list: { weight: 2, make: list },
  watch: { weight: 0.5, make: watch },
};

const WEIGHTS = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight])) as Record<
  keyof typeof OPERATIONS,
  number
>;

function nextOperation(context: Context): Operation {
  const { random } = context;
  const kind = pickKind(context);
  const base: Base = { kind, name: pickName(context, kind), subresource: '', query: pickQuery(random) };
  return OPERATIONS[random.weighted(WEIGHTS)].make(context, base);
}

export function sequenceOf(seed: number, only?: string): Sequence {
  const random = createRandom(seed);
  const namespace = `d-${seed}`;
  const pool = only === undefined ? KINDS : KINDS.filter(({ kind }) => kind === only);
  const kinds = Array.from({ length: 2 }, () => pickKind({ random, kinds: pool }));
  const context: Context = { random, kinds: [...new Set(kinds)], prefix: namespace, sentinels: 0, named: new Set() };
  const operations = Array.from({ length: LENGTH }, () => nextOperation(context));
  const last = context.kinds.map((kind) => {
    const query = withSequence({}, kind, namespace);
    const sentinel = `${namespace}-s${context.sentinels++}`;
    return { kind, name: '', subresource: '', query, verb: 'watch', from: 'start', sentinel } satisfies Operation;
  });
  return { namespace, operations: [...operations, ...last] };
}
