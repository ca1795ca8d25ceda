/** The kinds of the test: a valid object of each, and values that its fields may be set to, right and wrong. */

export type Path = readonly (string | number)[];

/** A field and what it may become; undefined removes it. */
export interface Choice {
  path: Path;
  values: readonly unknown[];
}

export interface TestedKind {
  kind: string;
  group: string;
  version: string;
  plural: string;
  cluster?: true;
  custom?: true;
  status?: true;
  scale?: true;
  noCollectionDelete?: true;
  /** How often it is taken. */
  weight: number;
  template(name: string): Record<string, unknown>;
  choices: readonly Choice[];
  fieldSelectors: readonly string[];
}

const at = (path: string): Path => path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
const choice = (path: string, ...values: unknown[]): Choice => ({ path: at(path), values });

/** What a field of any type may be given by mistake. */
export const MISTAKES: readonly unknown[] = ['text', '', 7, -1, 1.5, true, null, [], {}, ['a'], { a: 'b' }, [1], '5'];

const container = (name = 'main') => ({ name, image: 'web:1', ports: [{ containerPort: 80 }] });
const podTemplate = (app: string) => ({ metadata: { labels: { app } }, spec: { containers: [container()] } });

function containerChoices(path: string): Choice[] {
  const first = `${path}.containers.0`;
  return [
    choice(`${path}.containers`, [], [container(), container('side')], [container(), container()], undefined, null),
    choice(`${first}.image`, 'web:2', 'web', 'web:latest', '', undefined, 'r/web@sha256:abc', 7),
    choice(`${first}.name`, 'other', 'Not_Good', '', undefined),
    choice(`${first}.ports.0.containerPort`, 8080, 0, 70000, '80', undefined),
    choice(`${first}.ports`, [], undefined, [
      { containerPort: 80, name: 'http' },
      { containerPort: 81, protocol: 'UDP' },
    ]),
    choice(
      `${first}.env`,
      [{ name: 'A', value: '1' }],
      [{ name: 'A' }, { name: 'B', value: '2' }],
      [{ value: 'x' }],
      [{ name: 'A', value: 1 }],
      undefined,
    ),
    choice(
      `${first}.resources`,
      { requests: { cpu: '100m' } },
      { limits: { cpu: '1', memory: '64Mi' } },
      { requests: { cpu: 1 }, limits: { cpu: 1 } },
      { requests: { cpu: '2' }, limits: { cpu: '1' } },
      { requests: { cpu: 'many' } },
      {},
    ),
    choice(
      `${first}.readinessProbe`,
      { httpGet: { port: 80 } },
      { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 0 },
      { exec: { command: ['true'] }, initialDelaySeconds: -1 },
      {},
      { tcpSocket: { port: 0 } },
    ),
    choice(`${first}.command`, ['a', 'b'], [], 'a', undefined),
    choice(`${first}.unknown`, 'x', {}),
    choice(`${path}.restartPolicy`, 'Always', 'Never', 'OnFailure', 'Sometimes', undefined),
    choice(`${path}.terminationGracePeriodSeconds`, 0, 5, -1, '5', undefined),
    choice(`${path}.nodeSelector`, { a: 'b' }, {}, { 'not good': 'x' }, undefined),
    choice(
      `${path}.volumes`,
      [{ name: 'v' }],
      [{ name: 'v', emptyDir: {} }],
      [{ name: 'v', configMap: { name: 'c' } }],
      [{ name: 'v' }, { name: 'v' }],
      [{ emptyDir: {} }],
      undefined,
    ),
    choice(`${path}.serviceAccountName`, 'default', 'Not_Good', '', undefined),
    choice(`${path}.dnsPolicy`, 'Default', 'Wrong', undefined),
    choice(
      `${path}.tolerations`,
      [{ key: 'a', operator: 'Exists' }],
      [{ operator: 'Exists' }],
      [{ key: 'a', operator: 'Wrong' }],
      undefined,
    ),
    choice(`${path}.initContainers`, [{ name: 'init', image: 'init:1' }], [{ name: 'main', image: 'x' }], undefined),
  ];
}

const templateChoices = [
  choice(
    'spec.template.metadata.labels',
    { app: 'a' },
    { app: 'other' },
    {},
    undefined,
    { app: 'web', more: 'x' },
    { 'no good!': 'x' },
  ),
  choice('spec.template.metadata.annotations', { a: 'b' }, { 'no good!': 'x' }, { a: 1 }, undefined),
  choice('spec.template', undefined, null, {}),
];

const selectorChoice = choice(
  'spec.selector',
  { matchLabels: { app: 'other' } },
  {},
  undefined,
  { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] },
  { matchExpressions: [{ key: 'app', operator: 'Wrong' }] },
  { matchLabels: { app: 1 } },
);

const metrics = [
  { name: 'rate', successCondition: 'result[0] > 0.9', provider: { prometheus: { address: 'http://p', query: 'up' } } },
];
const analysisChoices = [
  choice(
    'spec.metrics',
    metrics,
    [],
    undefined,
    [...metrics, { ...metrics[0], name: 'more' }],
    [...metrics, ...metrics],
    [{ name: 'x' }],
    [{}],
    'text',
  ),
  choice('spec.metrics.0.name', 'other', '', undefined, 7),
  choice('spec.metrics.0.interval', '10s', 10, '', 'often'),
  choice('spec.metrics.0.count', 3, '3', 1.5, '{{args.count}}', true),
  choice('spec.metrics.0.failureLimit', 0, '2', -1, {}),
  choice(
    'spec.metrics.0.provider',
    {},
    { web: { url: 'http://x' } },
    { web: {} },
    { prometheus: {} },
    undefined,
    { job: { spec: {} } },
    { unknown: {} },
  ),
  choice('spec.metrics.0.unknown', 1, {}),
  choice(
    'spec.args',
    [{ name: 'a' }],
    [{ name: 'a', value: 'x' }],
    [{ name: 'a', value: 7 }],
    [{ value: 'x' }],
    [{ name: 'a' }, { name: 'a' }],
    undefined,
    null,
    [],
  ),
  choice('spec.dryRun', [{ metricName: '.*' }], [{}], undefined),
  choice(
    'spec.measurementRetention',
    [{ metricName: '.*', limit: 3 }],
    [{ metricName: '.*' }],
    [{ metricName: 'x', limit: 'y' }],
    undefined,
  ),
];
const analysisStatus = [
  choice(
    'status',
    { phase: 'Running' },
    { phase: 'Successful', message: 'fine' },
    {},
    undefined,
    null,
    { message: 'no phase' },
    { phase: 7 },
  ),
  choice(
    'status.metricResults',
    [{ name: 'rate', phase: 'Running' }],
    [
      {
        name: 'rate',
        phase: 'Running',
        count: 1,
        measurements: [{ phase: 'Successful', value: '[1]', startedAt: '2026-01-01T00:00:00Z' }],
      },
    ],
    [{}],
    [{ name: 'rate', phase: 'Failed', count: 'x' }],
  ),
  choice('status.startedAt', '2026-01-01T00:00:00Z', 'yesterday', 7, null, ''),
];

const argo = { group: 'argoproj.io', version: 'v1alpha1', custom: true, fieldSelectors: [] } as const;
const own = { group: 'headgate.dev', version: 'v1alpha1', custom: true, fieldSelectors: [] } as const;
const core = { group: '', version: 'v1' } as const;

const conditions = [
  choice(
    'status.conditions',
    [{ type: 'Ready', status: 'True' }],
    [{ type: 'Ready', status: 'True', reason: 'Good', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    [{}],
    [{ type: 'Ready', status: 'Maybe' }],
    undefined,
    [
      { type: 'Ready', status: 'True', reason: 'Good', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
      { type: 'Ready', status: 'False', reason: 'Good', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  ),
  choice('status.observedGeneration', 1, '1', -1, null),
];

const rollout: TestedKind = {
  ...argo,
  kind: 'Rollout',
  plural: 'rollouts',
  status: true,
  scale: true,
  weight: 8,
  template: (name) => ({
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: podTemplate(name),
      strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }] } },
    },
  }),
  choices: [
    choice('spec.replicas', 0, 1, 5, -1, '3', 1.5, null, undefined, 3_000_000_000),
    selectorChoice,
    ...templateChoices,
    ...containerChoices('spec.template.spec').slice(0, 12),
    choice(
      'spec.strategy',
      { canary: {} },
      { blueGreen: { activeService: 'a' } },
      { canary: {}, blueGreen: { activeService: 'a' } },
      {},
      undefined,
      { blueGreen: {} },
      { unknown: {} },
    ),
    choice(
      'spec.strategy.canary.steps',
      [],
      [{ setWeight: 101 }],
      [{ setWeight: -1 }],
      [{ setWeight: '20' }],
      [{ pause: { duration: '10s' } }],
      [{ pause: { duration: 10 } }],
      [{ pause: { duration: true } }],
      [{}],
      [{ setWeight: 10, unknown: 1 }],
      undefined,
      [{ setWeight: 10 }, null],
    ),
    choice('spec.strategy.canary.maxSurge', 1, '25%', 'many', -1, true),
    choice(
      'spec.strategy.canary.analysis',
      { templates: [{ templateName: 't' }] },
      { templates: [{}], args: [{ name: 'a', value: 'b' }] },
      { startingStep: 'x' },
    ),
    choice(
      'spec.strategy.canary.trafficRouting',
      { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'r', deep: [1, { a: null }] } } },
      { nginx: {} },
      { nginx: { stableIngress: 'i' } },
      { unknown: {} },
      { managedRoutes: [{ name: 'a' }] },
      { managedRoutes: [{}] },
    ),
    choice('spec.paused', true, false, 'yes', null),
    choice('spec.minReadySeconds', 0, 10, -1, '1'),
    choice('spec.restartAt', '2026-01-01T00:00:00Z', 'soon', null),
    choice('spec.workloadRef', { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, { name: 'd' }, {}),
    choice('spec.unknown', 1),
    choice(
      'status',
      { replicas: 2, selector: 'app=a' },
      {},
      undefined,
      null,
      { phase: 'Healthy', unknown: 1 },
      { replicas: 'x' },
      [],
    ),
    choice('status.replicas', 0, 3, -1, 'x'),
    choice('status.selector', 'app=a', 7),
    choice(
      'status.pauseConditions',
      [{ reason: 'CanaryPauseStep', startTime: '2026-01-01T00:00:00Z' }],
      [{ reason: 'x' }],
      [{}],
      null,
      undefined,
    ),
    choice(
      'status.canary',
      { weights: { canary: { weight: 20 }, stable: { weight: 80 } } },
      {},
      { stepPluginStatuses: [] },
      { stepPluginStatuses: [{ index: 0 }] },
    ),
    ...conditions,
    choice('status.HPAReplicas', 2, null),
    choice('status.abort', true, 'yes', undefined),
  ],
};

const analysisTemplate: TestedKind = {
  ...argo,
  kind: 'AnalysisTemplate',
  plural: 'analysistemplates',
  weight: 3,
  template: () => ({ spec: { metrics } }),
  choices: [
    ...analysisChoices,
    choice('spec.templates', [{ templateName: 'a' }], [{ templateName: 'a', clusterScope: true }], [{}]),
  ],
};

const analysisRun: TestedKind = {
  ...argo,
  kind: 'AnalysisRun',
  plural: 'analysisruns',
  weight: 4,
  template: () => ({ spec: { metrics } }),
  choices: [...analysisChoices, ...analysisStatus, choice('spec.terminate', true, 'yes', undefined)],
};

const experiment: TestedKind = {
  ...argo,
  kind: 'Experiment',
  plural: 'experiments',
  weight: 2,
  template: (name) => ({
    spec: { templates: [{ name: 'one', selector: { matchLabels: { app: name } }, template: podTemplate(name) }] },
  }),
  choices: [
    choice('spec.templates.0.replicas', 1, -1, 'x'),
    choice('spec.templates.0.name', 'two', '', undefined),
    choice('spec.templates.0.template', undefined, {}),
    choice('spec.templates', [], undefined, [{ name: 'one' }]),
    choice('spec.duration', '10m', 10, ''),
    choice('spec.analyses', [{ name: 'a', templateName: 't' }], [{ name: 'a' }], [{}]),
    choice(
      'status',
      { phase: 'Running' },
      { templateStatuses: [{ name: 'one', replicas: 1 }] },
      { templateStatuses: [{}] },
      undefined,
    ),
    ...conditions,
  ],
};

const sha = (digit: string) => digit.repeat(40);

const gitRevert: TestedKind = {
  ...own,
  kind: 'GitRevert',
  plural: 'gitreverts',
  status: true,
  weight: 3,
  template: (name) => ({
    spec: {
      ...{ repository: 'https://example.com/r.git', branch: 'main', path: 'app', culprits: [sha('a')] },
      ...{ goodRevision: sha('b'), badRevision: sha('a'), key: 'k'.repeat(64), policy: 'p' },
      rollout: { namespace: 'n', name, uid: 'u' },
      templates: { stable: 'x', canary: 'y' },
      ...{ stableReplicaSet: 's', canaryReplicaSet: 'c' },
    },
  }),
  choices: [
    choice('spec.culprits', [], [sha('c')], [sha('a'), sha('a')], 'x', undefined, ['short']),
    choice('spec.goodRevision', sha('d'), 'short', '', undefined),
    choice('spec.rollout', {}, undefined, { namespace: 'n', name: 'x', uid: 'u' }),
    choice('spec.key', 'f'.repeat(64), 'x', ''),
    choice('spec.run', { name: 'r', uid: 'u' }, { name: 'r' }, null),
    choice('status', { state: 'pending' }, { state: 'wrong' }, {}, undefined, { state: 'planned', plan: {} }),
    choice('status.state', 'landed', 'done', '', 7),
    ...conditions,
  ],
};

const gitSource: TestedKind = {
  ...own,
  kind: 'GitSource',
  plural: 'gitsources',
  status: true,
  weight: 3,
  template: () => ({
    spec: { repository: { url: 'https://example.com/r.git', branch: 'main' }, serviceAccountName: 'deployer' },
  }),
  choices: [
    choice('spec.path', 'a/b', '/a', '../a', 'a/../b', '..a', '', undefined, 'x'.repeat(1025)),
    choice('spec.interval', '30s', 30, '', undefined, null),
    choice('spec.repository.secretRef', { name: 's' }, { name: 's', namespace: 'n' }, {}, null),
    choice('spec.repository.branch', 'dev', '', undefined),
    choice('spec.repository.url', 'x', '', undefined, 'ssh://x'),
    choice('spec.serviceAccountName', 'x', '', undefined, 'Not_Good'),
    choice('spec.repository', undefined, {}, null),
    choice('status.lastSeenCommit', sha('a'), '', 7),
    choice('status.files', [{ path: 'a', blob: 'b' }], [{}], []),
    choice('status', {}, undefined, { objects: 3 }, { objects: -1 }),
    ...conditions,
  ],
};

const revertPolicy: TestedKind = {
  ...own,
  kind: 'RevertPolicy',
  plural: 'revertpolicies',
  cluster: true,
  status: true,
  weight: 2,
  template: () => ({
    spec: { namespaces: ['n'], repository: { host: 'github', url: 'https://example.com/r', branch: 'main' } },
  }),
  choices: [
    choice('spec.mode', 'Direct', 'Off', 'Wrong', undefined, null, ''),
    choice('spec.namespaces', [], ['a', 'b'], ['a', 'a'], undefined, [1]),
    choice('spec.repository.host', 'plain', 'x', undefined),
    choice('spec.repository.secretRef', { name: 's' }, { namespace: 'n', name: 's' }, {}),
    choice('spec.budget', { directPerDay: 1 }, { directPerDay: -1 }, { directPerDay: '1' }, {}),
    choice('spec.triggers', { manualAbort: true }, { manualAbort: 'x' }, { unknown: true }),
    choice('spec.freeze', [], [{}], undefined),
    choice('status', {}, undefined),
    ...conditions,
  ],
};

const clusterAnalysisTemplate: TestedKind = {
  ...analysisTemplate,
  kind: 'ClusterAnalysisTemplate',
  plural: 'clusteranalysistemplates',
  cluster: true,
  weight: 1,
};

const pod: TestedKind = {
  ...core,
  kind: 'Pod',
  plural: 'pods',
  status: true,
  weight: 4,
  template: () => ({ spec: { containers: [container()] } }),
  choices: [
    ...containerChoices('spec'),
    choice('spec.nodeName', 'n1', undefined),
    choice('spec.readinessGates', [{ conditionType: 'a' }], [{}], undefined),
    choice('status', { phase: 'Running' }, { phase: 'Succeeded' }, { phase: 'Wrong' }, {}, undefined),
    choice('status.podIP', '10.1.2.3', 'x', ''),
    choice('status.phase', 'Running', 'Failed', 'Pending'),
    choice('status.conditions', [{ type: 'Ready', status: 'True' }], [{ type: 'Ready', status: 'Maybe' }], [{}], []),
    choice(
      'status.containerStatuses',
      [{ name: 'main', ready: true, restartCount: 0, image: 'web:1', imageID: '' }],
      [{ name: 'main' }],
    ),
  ],
  fieldSelectors: [
    'status.phase=Running',
    'spec.nodeName=n1',
    'spec.nodeName=',
    'status.phase!=Running',
    'spec.unknown=1',
  ],
};

const replicaSet: TestedKind = {
  kind: 'ReplicaSet',
  group: 'apps',
  version: 'v1',
  plural: 'replicasets',
  status: true,
  scale: true,
  weight: 4,
  template: (name) => ({
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: podTemplate(name) },
  }),
  choices: [
    choice('spec.replicas', 0, 3, -1, '3', undefined),
    choice('spec.minReadySeconds', 0, 5, -1),
    selectorChoice,
    ...templateChoices,
    ...containerChoices('spec.template.spec'),
    choice(
      'status',
      { replicas: 1, readyReplicas: 1 },
      {},
      undefined,
      { replicas: 1, readyReplicas: 2 },
      { replicas: -1 },
    ),
    choice('status.replicas', 0, 3, 'x'),
    choice('status.observedGeneration', 1, -1),
    choice('status.conditions', [{ type: 'ReplicaFailure', status: 'True' }], [{}]),
  ],
  fieldSelectors: ['status.replicas=0', 'spec.replicas=1'],
};

const service: TestedKind = {
  ...core,
  kind: 'Service',
  plural: 'services',
  status: true,
  weight: 3,
  template: (name) => ({ spec: { selector: { app: name }, ports: [{ port: 80 }] } }),
  choices: [
    choice(
      'spec.ports',
      [
        { port: 80, name: 'a' },
        { port: 81, name: 'b' },
      ],
      [],
      [{ port: 0 }],
      [{ port: 80 }, { port: 81 }],
      [{ port: 80, targetPort: 'http' }],
      [{ port: 80, targetPort: 8080, protocol: 'UDP' }],
      [{ port: '80' }],
      undefined,
      [
        { port: 80, name: 'a' },
        { port: 80, name: 'b' },
      ],
      [{ port: 80, protocol: 'X' }],
    ),
    choice('spec.selector', { app: 'b' }, undefined, { 'no good!': 'x' }, null),
    choice('spec.clusterIP', 'None', '', undefined, 'x', '10.96.0.0', null),
    choice('spec.type', 'ClusterIP', 'Wrong', undefined),
    choice('spec.sessionAffinity', 'ClientIP', 'None', 'Wrong'),
    choice('spec.publishNotReadyAddresses', true, 'x'),
    choice('spec.externalName', 'example.com', undefined),
    choice('spec.unknown', 1),
    choice('status', { loadBalancer: {} }, {}, undefined),
  ],
  fieldSelectors: ['spec.type=ClusterIP', 'spec.clusterIP=None', 'spec.ports=1'],
};

const backends = (one: unknown, two: unknown) => [
  {
    backendRefs: [
      { name: 'stable', port: 80, weight: one },
      { name: 'canary', port: 80, weight: two },
    ],
  },
];

const httpRoute: TestedKind = {
  kind: 'HTTPRoute',
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'httproutes',
  custom: true,
  status: true,
  weight: 4,
  template: () => ({ spec: { parentRefs: [{ name: 'gateway' }], rules: backends(100, 0) } }),
  choices: [
    choice(
      'spec.rules',
      backends(80, 20),
      backends(1_000_001, 0),
      backends(-1, 0),
      backends('1', 0),
      [],
      undefined,
      [{}],
      [{ backendRefs: [] }],
      [{ backendRefs: [{ port: 80 }] }],
      [{ backendRefs: [{ name: 'x' }] }],
    ),
    choice(
      'spec.rules.0.matches',
      [{ path: { type: 'PathPrefix', value: '/a' } }],
      [{ path: { type: 'Exact', value: 'a' } }],
      [{ headers: [{ name: 'X', value: 'y' }] }],
      [
        {
          headers: [
            { name: 'X', value: 'y' },
            { name: 'X', value: 'z' },
          ],
        },
      ],
      [{ path: { type: 'Wrong' } }],
      [{}],
    ),
    choice('spec.rules.0.name', 'a', 'Not Good'),
    choice('spec.rules.0.backendRefs.0.weight', 50, 101, -5, null, undefined),
    choice('spec.parentRefs', [{ name: 'a' }, { name: 'b' }], [{ name: 'a' }, { name: 'a' }], [{}], [], undefined, [
      { name: 'a', port: 0 },
    ]),
    choice('spec.hostnames', ['a.example.com'], ['*.example.com'], ['NOT'], [], [1]),
    choice('spec.rules.0.timeouts', { request: '1s' }, { request: '1x' }, { request: '1s', backendRequest: '2s' }),
    choice(
      'spec.rules.0.filters',
      [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'a', value: 'b' }] } }],
      [{ type: 'RequestHeaderModifier' }],
      [{ type: 'Wrong' }],
    ),
    choice(
      'status',
      { parents: [] },
      {},
      undefined,
      {
        parents: [
          {
            parentRef: { name: 'a' },
            controllerName: 'example.com/c',
            conditions: [
              {
                type: 'Accepted',
                status: 'True',
                reason: 'Accepted',
                message: '',
                lastTransitionTime: '2026-01-01T00:00:00Z',
              },
            ],
          },
        ],
      },
      { parents: [{ parentRef: { name: 'a' }, controllerName: 'wrong' }] },
    ),
  ],
  fieldSelectors: [],
};

const lease: TestedKind = {
  kind: 'Lease',
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  weight: 3,
  template: () => ({ spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } }),
  choices: [
    choice('spec.holderIdentity', 'b', '', undefined, 7, null),
    choice('spec.leaseDurationSeconds', 30, 0, -1, 'x', undefined),
    choice('spec.renewTime', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.123456Z', 'x', undefined, null),
    choice('spec.renewTime', '2026-01-01T00:00:00Z'),
    choice('spec.leaseTransitions', 1, -1, 0),
    choice('spec', {}, undefined),
    choice('spec.strategy', 'OldestEmulationVersion', 'x'),
  ],
  fieldSelectors: ['spec.holderIdentity=a'],
};

const eventTime = '2026-01-01T00:00:00Z';
const event: TestedKind = {
  ...core,
  kind: 'Event',
  plural: 'events',
  weight: 3,
  template: () => ({
    involvedObject: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'a', namespace: '<namespace>' },
    ...{ reason: 'Good', message: 'm', type: 'Normal', source: { component: 'c' } },
    ...{ firstTimestamp: eventTime, lastTimestamp: eventTime, count: 1 },
  }),
  choices: [
    choice('involvedObject.namespace', 'other', undefined),
    choice('involvedObject.name', 'b', undefined),
    choice('involvedObject.kind', 'Pod', undefined),
    choice('type', 'Warning', 'Wrong', undefined),
    choice('reason', 'Bad', '', undefined),
    choice('count', 2, 'x'),
    choice('lastTimestamp', '2026-01-02T00:00:00Z', 'x', null, undefined),
    choice('eventTime', '2026-01-01T00:00:00.000001Z', null, undefined),
    choice('reportingComponent', 'example.com/c', undefined),
    choice('reportingInstance', 'i', undefined),
    choice('action', 'Act', undefined),
    choice('series', { count: 2, lastObservedTime: '2026-01-01T00:00:00.000001Z' }, undefined),
    choice('unknown', 1),
  ],
  fieldSelectors: [
    'reason=Good',
    'involvedObject.kind=Rollout',
    'involvedObject.name=a,type=Normal',
    'message=m',
    'type!=Normal',
    'reportingComponent=c',
    'source=c',
  ],
};

const configMap: TestedKind = {
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  weight: 4,
  template: () => ({ data: { a: '1', b: '2' } }),
  choices: [
    choice('data.a', '1', '2', '', undefined, 7, null),
    choice('data', {}, undefined, { 'no good!': 'x' }, { c: '3' }, 'text', null, []),
    choice('binaryData', { c: 'YQ==' }, { a: 'YQ==' }, { c: 'not base64!' }, undefined),
    choice('immutable', true, false, undefined, 'x'),
    choice('unknown', 1),
    choice('data.b', undefined, 'x'),
  ],
  fieldSelectors: ['data.a=1'],
};

const secret: TestedKind = {
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  weight: 1,
  template: () => ({ data: { a: 'YQ==' } }),
  choices: [
    choice('data.a', 'Yg==', 'not base64!', undefined),
    choice('stringData', { b: 'x' }, { a: 'over' }),
    choice('type', 'Opaque', 'example.com/own', '', 'kubernetes.io/tls'),
    choice('immutable', true, undefined),
  ],
  fieldSelectors: ['type=Opaque'],
};

export const KINDS: readonly TestedKind[] = [
  ...[rollout, analysisTemplate, analysisRun, experiment, clusterAnalysisTemplate],
  ...[gitRevert, gitSource, revertPolicy],
  ...[pod, replicaSet, service, httpRoute, lease, event, configMap, secret],
];

export const METADATA: readonly Choice[] = [
  choice(
    'metadata.labels',
    { app: 'a' },
    { app: 'b', tier: 'x' },
    {},
    undefined,
    { 'no good!': 'x' },
    { app: 'not good!' },
    { app: 7 },
    null,
    { 'example.com/x': '' },
  ),
  choice('metadata.labels.app', 'a', 'b', '', undefined, null),
  choice('metadata.labels.extra', 'x', undefined),
  choice('metadata.annotations', { a: 'b' }, {}, undefined, { 'no good!': 'x' }, { a: 7 }, { a: null }),
  choice('metadata.annotations.note', '1', '2', '', undefined),
  choice(
    'metadata.finalizers',
    ['example.com/hold'],
    [],
    undefined,
    ['nodomain'],
    ['example.com/hold', 'example.com/more'],
    ['example.com/hold', 'example.com/hold'],
    null,
  ),
  choice(
    'metadata.ownerReferences',
    [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }],
    [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u', controller: true, blockOwnerDeletion: true }],
    [{ kind: 'x' }],
    [],
    undefined,
    [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u', controller: true },
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'p', uid: 'v', controller: true },
    ],
    [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' },
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' },
    ],
  ),
  choice('metadata.unknown', 'x'),
  choice('metadata.creationTimestamp', null, undefined),
  choice('metadata.uid', 'made-up', undefined),
  choice('metadata.generateName', 'gen-'),
  choice('metadata.namespace', 'elsewhere', '', undefined),
  choice('metadata.managedFields', [], undefined, [{}], null),
  choice('unknown', { a: 1 }),
  choice('kind', 'Wrong', undefined, ''),
  choice('apiVersion', 'wrong/v1', undefined, 'v1'),
];
