/** The rights that deploy/ gives are those that the code uses: each call on a kind is read from the source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as resources from '../../src/kube/resources.ts';
import {
  type Import,
  importsOf,
  isNode,
  lineOf,
  type Node,
  nodesOf,
  root,
  type SourceFile,
  sourceFiles,
} from './source.ts';

interface Manifest {
  kind: string;
  metadata: { name: string };
  rules?: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  spec?: {
    template?: { spec: { containers: { args: string[]; securityContext: unknown }[]; securityContext: unknown } };
  };
}

const folder = join(root, 'deploy');
const manifests = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS() as Manifest),
  );

/** `verb group/resource`, for each right of these roles. */
function rightsOf(...names: string[]): string[] {
  const rules = manifests.filter(({ kind, metadata }) => kind.endsWith('Role') && names.includes(metadata.name));
  return rules
    .flatMap((role) => role.rules ?? [])
    .flatMap((rule) =>
      rule.apiGroups.flatMap((group) =>
        rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    );
}

/** What a call of this name asks the API server for. */
const verbsOfCall: Record<string, string[]> = {
  get: ['get'],
  list: ['list'],
  create: ['create'],
  update: ['update'],
  patch: ['patch'],
  delete: ['delete'],
  cache: ['list', 'watch'],
  createOwned: ['create', 'get'],
  // ProvenanceReader, of an object in hand.
  learn: ['get'],
  // SyncRequests, of an object that it reads before.
  askToLook: ['patch'],
};

function calledName({ callee }: Node): string {
  if (!isNode(callee)) return '';
  return String(callee.type === 'MemberExpression' && isNode(callee.property) ? callee.property.name : callee.name);
}

const known = new Map(Object.entries(resources));

/** The kinds that a file imports, by the name they have there. */
function kindsIn(file: SourceFile): Map<string, string> {
  const kinds = new Map<string, string>();
  const own = importsOf(file).filter(({ from }: Import) => from.endsWith('/resources.ts'));
  for (const name of own.flatMap(({ node }) => node.specifiers as Node[])) {
    if (!isNode(name.imported) || !isNode(name.local)) continue;
    const resource = known.get(String(name.imported.name));
    if (resource) kinds.set(String(name.local.name), `${resource.group}/${resource.plural}`);
  }
  return kinds;
}

function subresourceOf(file: SourceFile, call: Node): string {
  const text = file.text.slice(call.start, call.end as number);
  return /subresource: '(\w+)'/.exec(text)?.[1] ?? '';
}

interface Use {
  right: string;
  at: string;
}

/** Calls that are about one kind by themselves. */
const rightsOfCall = new Map([['evict', 'create /pods/eviction']]);

function usesIn(file: SourceFile): Use[] {
  const kinds = kindsIn(file);
  return [...nodesOf(file.tree)].flatMap((node) => {
    if (node.type !== 'CallExpression') return [];
    const args = (node.arguments as Node[]).map((argument) => kinds.get(String(argument.name)));
    const kind = args.find((one) => one !== undefined);
    const own = rightsOfCall.get(calledName(node));
    if (own) return [{ right: own, at: `src/${file.path}:${lineOf(file, node)}` }];
    if (kind === undefined) return [];
    const subresource = subresourceOf(file, node);
    const at = `src/${file.path}:${lineOf(file, node)}`;
    const verbs = verbsOfCall[calledName(node)] ?? [`what does ${calledName(node)} do to`];
    return verbs.map((verb) => ({ right: `${verb} ${kind}${subresource ? `/${subresource}` : ''}`, at }));
  });
}

/** Rights whose use cannot be read from a call with the kind's name, and why they are needed. */
const otherwiseUsed = [
  // Routers say themselves which object they patch.
  'patch gateway.networking.k8s.io/httproutes',
  // Owner references that block deletion need it.
  'update argoproj.io/rollouts/finalizers',
  // ProvenanceReader has them in a table.
  'get argoproj.io/applications',
  'get kustomize.toolkit.fluxcd.io/kustomizations',
  'get helm.toolkit.fluxcd.io/helmreleases',
  'get source.toolkit.fluxcd.io/gitrepositories',
  // KubeClient.as(), for GitSources.
  'impersonate /serviceaccounts',
];

const files = sourceFiles().filter(({ path }) => /^(controllers\/|kube\/events\.ts|main\.ts)/.test(path));
const uses = files.flatMap(usesIn);
const granted = rightsOf(
  ...['headgate-controller', 'headgate-impersonator', 'headgate-home', 'headgate-team-secrets'],
  'headgate-flux-requests',
);

describe('the rights of the controller', () => {
  it('cover every call that the code makes', () => {
    expect(uses.length).toBeGreaterThan(20);
    expect(uses.filter(({ right }) => !granted.includes(right))).toEqual([]);
  });

  it('are all used', () => {
    const used = new Set([...uses.map(({ right }) => right), ...otherwiseUsed]);
    expect(granted.filter((right) => !used.has(right))).toEqual([]);
  });

  it('hold no wildcard', () => {
    expect(granted.filter((right) => right.includes('*'))).toEqual([]);
  });
});

it('of ConfigMaps the controller sees the one by which reverts are paused, in its own namespace', () => {
  const rules = manifests.flatMap(({ kind, metadata, rules: all = [] }) =>
    all.filter((rule) => rule.resources.includes('configmaps')).map((rule) => ({ kind, name: metadata.name, ...rule })),
  );
  const verbs = ['list', 'watch'];
  expect(rules).toEqual([
    {
      kind: 'Role',
      name: 'headgate-home',
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['headgate'],
      verbs,
    },
  ]);
});

it('no role of people creates GitReverts or touches RevertPolicies', () => {
  const rights = rightsOf('headgate-view', 'headgate-edit');
  expect(rights.length).toBeGreaterThan(0);
  expect(
    rights.filter((right) => /revertpolicies/.test(right) || /^(?!get|list|watch).*gitreverts/.test(right)),
  ).toEqual([]);
});

it('the role of those who decide about reverts neither creates one nor writes its status, and is added to no other', () => {
  const rights = rightsOf('headgate-reverts');
  const own = ['get', 'list', 'watch', 'patch', 'delete'].map((verb) => `${verb} headgate.dev/gitreverts`);
  expect(rights).toEqual([...own, 'get argoproj.io/rollouts']);
  const role = manifests.find(({ metadata }) => metadata.name === 'headgate-reverts');
  expect(role?.metadata).toEqual({ name: 'headgate-reverts' });
});

it('every file of the folder is in the kustomization, or named there as an example', () => {
  const kustomization = readFileSync(join(folder, 'kustomization.yaml'), 'utf8');
  for (const file of readdirSync(folder))
    if (file !== 'kustomization.yaml') expect(kustomization).toContain(`- ${file}`);
});

it('the pod is as restricted as Kubernetes can check', () => {
  const pods = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []));
  expect(pods).toHaveLength(1);
  expect(pods[0]?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  for (const container of pods[0]?.containers ?? []) {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});
