/** What a repository says, without how it spells it: an edit of it is the same change in every layout and style. */
export interface Model {
  tag: string | undefined;
  digest: string | undefined;
  /** A comment behind the tag. */
  note: string | undefined;
  /** Of the container, in this order. */
  env: Readonly<Record<string, string>>;
  sidecars: readonly string[];
  /** Of several lines. */
  script: string;
  memory: string;
  podLabels: Readonly<Record<string, string>>;
  /** The ConfigMap's data. */
  config: Readonly<Record<string, string>>;
  replicas: number;
  /** Of the first step. */
  weight: number;
  servicePort: number;
  /** A comment at the top of the file with the tag. */
  header: string | undefined;
  /** Of what others are made of too, where the layout has such a thing. */
  shared: { containerPort: number };
  /** Another app, outside of this one's path where the layout has an outside. */
  other: { tag: string };
  /** Further files by path; `@/` stands for the app's folder, `^/` for the first one outside of it that the app is made of. */
  extra: Readonly<Record<string, string>>;
  /** Files of the app under other names. */
  renamed: Readonly<Record<string, string>>;
  /** The file with the tag is no YAML any more. */
  broken: boolean;
  /** The folder of what is shared. */
  sharedFolder: string;
}

export const FIRST_RELEASE: Model = {
  tag: 'v1.4.0',
  digest: undefined,
  note: undefined,
  env: { MODE: 'fast', DEBUG: 'off', GREETING: 'grüß: dich # "hier"', RATIO: '1.10' },
  sidecars: [],
  script: 'set -e\nexec web --port 8080\n',
  memory: '256Mi',
  podLabels: { tier: 'front' },
  config: { LOG_LEVEL: 'info', POOL: '8', RETRIES: '3', REGION: 'north', SEATS: '40' },
  replicas: 3,
  weight: 20,
  servicePort: 80,
  header: undefined,
  shared: { containerPort: 8080 },
  other: { tag: 'v7' },
  extra: { 'docs/runbook.md': 'Call the team.\n', '@/notes.txt': 'Of this app.\n' },
  renamed: {},
  broken: false,
  sharedFolder: 'base',
};

export type Edit = (model: Model) => Model;

export interface Change {
  name: string;
  edit: Edit;
  /**
   * `template`: pods are made otherwise. `config`: they are, where a ConfigMap's name follows its content. `nothing`: they are not.
   */
  reaches: 'template' | 'config' | 'nothing';
  /** What a revert of single values leaves of it: comments. */
  leaves?: Edit;
  /** What else it touches that a program must not take out by itself. */
  caution?: 'Sensitive' | 'ImageAutomation';
}

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SETTER = '{"$imagepolicy": "flux-system:web:tag"}';

const withExtra =
  (path: string, text: string): Edit =>
  (model) => ({ ...model, extra: { ...model.extra, [path]: text } });
const newTag: Edit = (model) => ({ ...model, tag: 'v1.5.0' });
const secret = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\nstringData:\n  token: abc\n';
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\ndata:\n  A: b\n';

/** Everything a bad release may be, each with the layouts' own words for it. */
export const CHANGES: readonly Change[] = [
  { name: 'tag', reaches: 'template', edit: newTag },
  { name: 'digest', reaches: 'template', edit: (model) => ({ ...model, tag: undefined, digest: DIGEST }) },
  { name: 'env', reaches: 'template', edit: (model) => ({ ...model, env: { ...model.env, MODE: 'slow' } }) },
  {
    name: 'odd env',
    reaches: 'template',
    edit: (model) => ({
      ...model,
      env: { ...model.env, DEBUG: 'on', GREETING: "it's {{ .Values.x }} \\ # no", RATIO: '1.1' },
    }),
  },
  { name: 'added env', reaches: 'template', edit: (model) => ({ ...model, env: { ...model.env, FEATURE: 'on' } }) },
  {
    name: 'removed env',
    reaches: 'template',
    edit: ({ env: { DEBUG: _, ...env }, ...model }) => ({ ...model, env }),
  },
  { name: 'added container', reaches: 'template', edit: (model) => ({ ...model, sidecars: ['proxy:v2'] }) },
  {
    name: 'script',
    reaches: 'template',
    edit: (model) => ({ ...model, script: 'set -ex\nexec web --port 9090\n' }),
  },
  { name: 'memory', reaches: 'template', edit: (model) => ({ ...model, memory: '64Mi' }) },
  { name: 'pod label', reaches: 'template', edit: (model) => ({ ...model, podLabels: { tier: 'edge' } }) },
  { name: 'config', reaches: 'config', edit: (model) => ({ ...model, config: { ...model.config, RETRIES: '99' } }) },
  {
    name: 'tag, env, config and port',
    reaches: 'template',
    edit: (model) => ({
      ...newTag(model),
      env: { ...model.env, MODE: 'slow' },
      config: { ...model.config, LOG_LEVEL: 'debug' },
      servicePort: 8080,
    }),
  },
  {
    name: 'tag with a comment',
    reaches: 'template',
    edit: (model) => ({ ...newTag(model), note: 'ask Ann first' }),
    leaves: (model) => ({ ...model, note: 'ask Ann first' }),
  },
  {
    name: 'tag and docs',
    reaches: 'template',
    edit: (model) => withExtra('docs/runbook.md', 'Call Ann.\n')(newTag(model)),
  },
  {
    name: 'tag and a new file',
    reaches: 'template',
    edit: (model) => withExtra('@/more.txt', 'more\n')(newTag(model)),
  },
  {
    name: 'tag and a file less',
    reaches: 'template',
    edit: (model) => {
      const { '@/notes.txt': _, ...extra } = model.extra;
      return { ...newTag(model), extra };
    },
  },
  { name: 'tags of two apps', reaches: 'template', edit: (model) => ({ ...newTag(model), other: { tag: 'v8' } }) },
  {
    name: 'tag and a renamed file',
    reaches: 'template',
    edit: (model) => ({ ...newTag(model), renamed: { ...model.renamed, 'rollout.yaml': 'workload.yaml' } }),
  },
  { name: 'port', reaches: 'template', edit: (model) => ({ ...model, shared: { containerPort: 9999 } }) },
  {
    name: 'tag and port',
    reaches: 'template',
    edit: (model) => ({ ...newTag(model), shared: { containerPort: 9999 } }),
  },
  {
    name: 'ports',
    reaches: 'template',
    edit: (model) => ({ ...model, shared: { containerPort: 9999 }, servicePort: 8081 }),
  },
  { name: 'steps and size', reaches: 'nothing', edit: (model) => ({ ...model, replicas: 5, weight: 50 }) },
  { name: 'comment', reaches: 'nothing', edit: (model) => ({ ...model, header: 'reviewed' }) },
  {
    name: 'tag and a Secret',
    reaches: 'template',
    caution: 'Sensitive',
    edit: (model) => withExtra('secrets/token.yaml', secret)(newTag(model)),
  },
  {
    name: 'tag and CI',
    reaches: 'template',
    caution: 'Sensitive',
    edit: (model) => withExtra('.github/workflows/ci.yaml', 'on: push\n')(newTag(model)),
  },
  {
    name: 'tag and another object',
    reaches: 'template',
    edit: (model) => withExtra('@/more.yaml', configMap)(newTag(model)),
  },
  {
    name: 'tag set by a bot',
    reaches: 'template',
    caution: 'ImageAutomation',
    edit: (model) => ({ ...newTag(model), note: SETTER }),
    leaves: (model) => ({ ...model, note: SETTER }),
  },
];
