/** The fields that the API server fills into the other built-in kinds. */
import { defaultPod, defaultPodSpec } from './defaulting-pods.ts';
import type { KindInfo } from './kinds.ts';
import { ensureFields, type Fields, isFields, listAt, setDefault, textAt } from './objects.ts';
import { applyDefaults } from './structure.ts';
import type { ApiObject } from './types.ts';

type Defaulting = (object: ApiObject, spec: Fields) => void;

function template(holder: Fields): void {
  const pods = ensureFields(holder, 'template');
  ensureFields(pods, 'metadata');
  defaultPodSpec(ensureFields(pods, 'spec'));
}

const deployment: Defaulting = (_object, spec) => {
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  const strategy = ensureFields(spec, 'strategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    const update = ensureFields(strategy, 'rollingUpdate');
    setDefault(update, 'maxUnavailable', '25%');
    setDefault(update, 'maxSurge', '25%');
  }
  template(spec);
};

const service: Defaulting = (_object, spec) => {
  setDefault(spec, 'sessionAffinity', 'None');
  setDefault(spec, 'type', 'ClusterIP');
  if (spec.type !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  if (spec.sessionAffinity === 'ClientIP')
    setDefault(spec, 'sessionAffinityConfig', { clientIP: { timeoutSeconds: 10800 } });
  for (const port of listAt(spec, 'ports')) {
    if (!isFields(port)) continue;
    setDefault(port, 'protocol', 'TCP');
    if (!port.targetPort) port.targetPort = port.port;
  }
};

const job: Defaulting = (_object, spec) => {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', 6);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed');
  template(spec);
};

function subjects(object: ApiObject): void {
  const rbac = 'rbac.authorization.k8s.io';
  if (isFields(object.roleRef) && !object.roleRef.apiGroup) object.roleRef.apiGroup = rbac;
  for (const subject of listAt(object, 'subjects')) {
    if (isFields(subject) && subject.kind !== 'ServiceAccount') setDefault(subject, 'apiGroup', rbac);
  }
}

const definition: Defaulting = (_object, spec) => {
  const names = ensureFields(spec, 'names');
  setDefault(names, 'singular', textAt(names, 'kind').toLowerCase());
  setDefault(names, 'listKind', `${textAt(names, 'kind')}List`);
  setDefault(spec, 'conversion', { strategy: 'None' });
};

function secret(object: ApiObject): void {
  setDefault(object as unknown as Fields, 'type', 'Opaque');
  const plain = object.stringData;
  if (!isFields(plain)) return;
  const data = ensureFields(object as unknown as Fields, 'data');
  for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(String(value)).toString('base64');
  delete object.stringData;
}

const ingress: Defaulting = (_object, spec) => {
  for (const rule of listAt(spec, 'rules')) {
    for (const path of listAt(rule, 'http', 'paths'))
      if (isFields(path)) setDefault(path, 'pathType', 'ImplementationSpecific');
  }
};

/** A pod's address is the first of its addresses. */
function pairAddresses(pod: ApiObject): void {
  const { status } = pod as unknown as Fields;
  if (!isFields(status)) return;
  const [first] = listAt(status, 'podIPs');
  const known = textAt(first, 'ip');
  if (typeof status.podIP !== 'string' || status.podIP === '') {
    if (known !== '') status.podIP = known;
  } else if (status.podIP !== known) status.podIPs = [{ ip: status.podIP }];
}

const DEFAULTS: Record<string, Defaulting> = {
  Pod(object, spec) {
    defaultPod(spec);
    pairAddresses(object);
  },
  ReplicaSet: (_object, spec) => {
    setDefault(spec, 'replicas', 1);
    template(spec);
  },
  Deployment: deployment,
  Job: job,
  Service: service,
  CustomResourceDefinition: definition,
  Ingress: ingress,
};

const WHOLE: Record<string, (object: ApiObject) => void> = {
  PodTemplate: (object) => template(object as unknown as Fields),
  Secret: secret,
  RoleBinding: subjects,
  ClusterRoleBinding: subjects,
  Namespace: (object) => {
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
    setDefault(ensureFields(object as unknown as Fields, 'spec'), 'finalizers', ['kubernetes']);
  },
  EndpointSlice: (object) => {
    for (const port of listAt(object, 'ports')) {
      if (!isFields(port)) continue;
      setDefault(port, 'name', '');
      setDefault(port, 'protocol', 'TCP');
    }
  },
  Endpoints: (object) => {
    for (const port of listAt(object, 'subsets').flatMap((subset) => listAt(subset, 'ports'))) {
      if (isFields(port)) setDefault(port, 'protocol', 'TCP');
    }
  },
};

/** Fills in defaults, in place: from the schema for custom kinds, as the server does it for built-in ones. */
export function applyKindDefaults(kind: KindInfo, object: ApiObject): void {
  if (kind.custom) {
    // An object that says to be of another kind is refused without any.
    if (object.kind === kind.kind) applyDefaults(object, kind.schema);
    return;
  }
  const fields = object as unknown as Fields;
  DEFAULTS[kind.kind]?.(object, ensureFieldsIf(fields, DEFAULTS[kind.kind] !== undefined));
  WHOLE[kind.kind]?.(object);
}

function ensureFieldsIf(fields: Fields, wanted: boolean): Fields {
  return wanted ? ensureFields(fields, 'spec') : {};
}

/** Fields behind switches that are off: whoever wrote them is entered as their owner, and yet they go. */
export function dropDisabled(kind: KindInfo, object: ApiObject): void {
  const spec = (object as unknown as Fields).spec;
  if (kind.kind !== 'Lease' || !isFields(spec)) return;
  delete spec.strategy;
  delete spec.preferredHolder;
}

/** The status that a new object starts with. */
export function initialStatus(kind: KindInfo): Fields | undefined {
  switch (kind.kind) {
    case 'Pod':
      return { phase: 'Pending', qosClass: 'BestEffort' };
    case 'Namespace':
      return { phase: 'Active' };
    case 'ReplicaSet':
      return { replicas: 0 };
    case 'Service':
    case 'Ingress':
      return { loadBalancer: {} };
    case 'PodDisruptionBudget':
      return { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
    case 'Deployment':
    case 'Job':
      return {};
    default:
      return undefined;
  }
}
