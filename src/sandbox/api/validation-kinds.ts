/** What single kinds demand beyond their schema. */
import { type Cause, cause } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { equal, type Fields, fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';
import { annotationCauses, labelCauses } from './validation-metadata.ts';
import { podChangeCauses, podSpecCauses } from './validation-pods.ts';

type Validation = (object: ApiObject) => Cause[];

function selects(selector: Fields, labels: Fields): boolean {
  const byLabels = Object.entries(fieldsAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  const byExpressions = listAt(selector, 'matchExpressions').every((expression) => {
    const key = textAt(expression, 'key');
    const values = listAt(expression, 'values');
    const value = labels[key];
    switch (textAt(expression, 'operator')) {
      case 'In':
        return values.includes(value);
      case 'NotIn':
        return !values.includes(value);
      case 'Exists':
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
  return byLabels && byExpressions;
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function negative(fields: Fields, path: string, names: readonly string[]): Cause[] {
  return names.flatMap((name) => {
    const value = fields[name];
    const isWrong = typeof value === 'number' && value < 0;
    return isWrong ? [cause.invalid(`${path}.${name}`, value, 'must be greater than or equal to 0')] : [];
  });
}

/** What is wrong with a selector; a broken one says nothing about the template's labels. */
function selectorCauses(spec: Fields): { causes: Cause[]; broken: boolean } {
  const { selector } = spec;
  const at = 'spec.selector';
  if (!isFields(selector)) return { causes: [cause.required(at)], broken: false };
  const wrong = listAt(selector, 'matchExpressions').flatMap((expression, index) => {
    const operator = textAt(expression, 'operator');
    if (OPERATORS.includes(operator)) return [];
    return [cause.invalid(`${at}.matchExpressions[${index}].operator`, operator, 'not a valid selector operator')];
  });
  const labels = labelCauses(`${at}.matchLabels`, fieldsAt(selector, 'matchLabels') as Record<string, string>);
  const isEmpty =
    Object.keys(fieldsAt(selector, 'matchLabels')).length + listAt(selector, 'matchExpressions').length === 0;
  const empty = isEmpty ? [cause.invalid(at, selector, 'empty selector is invalid for deployment')] : [];
  const isBroken = wrong.length + labels.length > 0;
  const broken = isBroken ? [cause.invalid(at, selector, 'invalid label selector')] : [];
  return { causes: [...wrong, ...labels, ...empty, ...broken], broken: isBroken };
}

function workload(object: ApiObject): Cause[] {
  const spec = fieldsAt(object, 'spec');
  const { causes, broken } = selectorCauses(spec);
  const found = [...negative(spec, 'spec', ['replicas', 'minReadySeconds']), ...causes];
  if (broken) return found;
  const labels = fieldsAt(spec, 'template', 'metadata', 'labels');
  const isChosen =
    isFields(spec.selector) && (Object.keys(spec.selector).length === 0 || selects(spec.selector, labels));
  if (!isChosen) {
    found.push(cause.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  return [...found, ...template(object)];
}

function template(object: ApiObject): Cause[] {
  const spec = fieldsAt(object, 'spec', 'template', 'spec');
  const found = [...templateMetadata(object, 'spec', 'template'), ...podSpecCauses(spec, 'spec.template.spec')];
  const policy = textAt(spec, 'restartPolicy');
  if (object.kind !== 'Job' && policy !== 'Always') {
    found.push(cause.unsupported('spec.template.spec.restartPolicy', policy, ['Always']));
  }
  return found;
}

function templateMetadata(object: ApiObject, ...path: string[]): Cause[] {
  const { labels, annotations } = fieldsAt(object, ...path, 'metadata');
  const at = path.join('.');
  return [
    ...labelCauses(`${at}.labels`, labels as Record<string, string> | undefined),
    ...annotationCauses(`${at}.annotations`, annotations as Record<string, string> | undefined),
  ];
}

const podTemplate: Validation = (object) => [
  ...templateMetadata(object, 'template'),
  ...podSpecCauses(fieldsAt(object, 'template', 'spec'), 'template.spec'),
];

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const IP = /^(\d+\.){3}\d+$|:/;

function servicePort(port: unknown, at: string, isOneOfMany: boolean): Cause[] {
  const found: Cause[] = [];
  const isPort = (value: unknown) => typeof value === 'number' && value > 0 && value < 65536;
  const [name, protocol, number, target] = [
    textAt(port, 'name'),
    textAt(port, 'protocol'),
    valueAt(port, 'port'),
    valueAt(port, 'targetPort'),
  ];
  if (isOneOfMany && name === '') found.push(cause.required(`${at}.name`));
  else if (name !== '' && !DNS_LABEL.test(name)) found.push(cause.invalid(`${at}.name`, name, 'must be a label'));
  if (!isPort(number)) found.push(cause.invalid(`${at}.port`, number ?? 0, 'must be between 1 and 65535, inclusive'));
  if (!PROTOCOLS.includes(protocol)) found.push(cause.unsupported(`${at}.protocol`, protocol, PROTOCOLS));
  const isTarget = typeof target === 'string' ? PORT_NAME.test(target) : isPort(target);
  if (!isTarget) found.push(cause.invalid(`${at}.targetPort`, target, 'must be between 1 and 65535, inclusive'));
  return found;
}

function repeated(
  list: unknown[],
  key: (item: unknown) => string,
  found: (index: number, key: string) => Cause,
): Cause[] {
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const it = key(item);
    if (it === '' || !seen.has(it)) return seen.add(it) && [];
    return [found(index, it)];
  });
}

const service: Validation = (object) => {
  const spec = fieldsAt(object, 'spec');
  const list = listAt(spec, 'ports');
  const [type, address] = [textAt(spec, 'type'), textAt(spec, 'clusterIP')];
  const found: Cause[] = [];
  if (list.length === 0 && type !== 'ExternalName' && address !== 'None') found.push(cause.required('spec.ports'));
  for (const [index, port] of list.entries()) found.push(...servicePort(port, `spec.ports[${index}]`, list.length > 1));
  found.push(
    ...repeated(
      list,
      (port) => textAt(port, 'name'),
      (index, name) => cause.duplicate(`spec.ports[${index}].name`, name),
    ),
    ...repeated(
      list,
      (port) => `${String(valueAt(port, 'port'))}/${textAt(port, 'protocol')}`,
      (index, key) => cause.duplicate(`spec.ports[${index}]`, key),
    ),
    ...labelCauses('spec.selector', fieldsAt(spec, 'selector') as Record<string, string>),
  );
  const affinity = textAt(spec, 'sessionAffinity');
  if (!['ClientIP', 'None'].includes(affinity))
    found.push(cause.unsupported('spec.sessionAffinity', affinity, ['ClientIP', 'None']));
  if (!SERVICE_TYPES.includes(type)) found.push(cause.unsupported('spec.type', type, SERVICE_TYPES));
  return found;
};

const lease: Validation = (object) => {
  const { leaseDurationSeconds, leaseTransitions } = fieldsAt(object, 'spec');
  const found: Cause[] = [];
  if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0) {
    found.push(cause.invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (typeof leaseTransitions === 'number' && leaseTransitions < 0) {
    found.push(cause.invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  return found;
};

/** New events, those with an eventTime, must say who reports what; old ones only agree with themselves. */
const event: Validation = (object) => {
  const fields = object as unknown as Fields;
  const where = textAt(fields, 'involvedObject', 'namespace');
  const home = object.metadata.namespace ?? '';
  const found: Cause[] = [];
  const stray = () => cause.invalid('involvedObject.namespace', where, 'does not match event.namespace');
  if (!fields.eventTime) {
    if (where === '' ? home !== 'default' : where !== home) found.push(stray());
    return found;
  }
  if (where === '' && home !== 'default' && home !== 'kube-system') found.push(stray());
  const component = textAt(fields, 'reportingComponent');
  if (component === '') found.push(cause.invalid('reportingComponent', component, 'name part must be non-empty'));
  for (const key of ['reportingInstance', 'action', 'reason']) {
    if (textAt(fields, key) === '') found.push(cause.required(key));
  }
  return found;
};

const job: Validation = (object) => {
  const policy = textAt(object, 'spec', 'template', 'spec', 'restartPolicy');
  const at = 'spec.template.spec.restartPolicy';
  const allowed = ['OnFailure', 'Never'];
  const found = podSpecCauses(fieldsAt(object, 'spec', 'template', 'spec'), 'spec.template.spec');
  if (policy === 'Always') found.push(cause.required(at, 'valid values: "OnFailure", "Never"'));
  else if (!allowed.includes(policy)) found.push(cause.unsupported(at, policy, allowed));
  return found;
};

const configuration: Validation = (object) => [
  ...Object.keys(fieldsAt(object, 'binaryData'))
    .filter((key) => Object.hasOwn(fieldsAt(object, 'data'), key))
    .map((key) => cause.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')),
  ...['data', 'binaryData'].flatMap((field) => keys(object, field)),
];

/** A Secret that says it is a certificate has both halves of one. */
const certificate = (object: ApiObject): Cause[] =>
  object.type === 'kubernetes.io/tls'
    ? ['tls.crt', 'tls.key'].flatMap((key) =>
        valueAt(object, 'data', key) === undefined ? [cause.required(`data[${key}]`)] : [],
      )
    : [];

const keys = (object: ApiObject, name: string): Cause[] =>
  Object.keys(fieldsAt(object, name))
    .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
    .map((key) =>
      cause.invalid(
        `${name}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      ),
    );

const endpointSlice: Validation = (object) =>
  textAt(object, 'addressType') === '' ? [cause.required('addressType', '')] : [];

const VALIDATIONS: Record<string, Validation> = {
  Pod: (object) => podSpecCauses(fieldsAt(object, 'spec'), 'spec'),
  PodTemplate: podTemplate,
  Lease: lease,
  Event: event,
  ReplicaSet: workload,
  Deployment: workload,
  Job: job,
  Service: service,
  ConfigMap: configuration,
  Secret: (object) => [...configuration(object), ...certificate(object)],
  EndpointSlice: endpointSlice,
};

/** Paths that never change once the object exists. */
const IMMUTABLE: Record<string, readonly string[]> = {
  ReplicaSet: ['spec.selector'],
  Deployment: ['spec.selector'],
  Job: ['spec.selector', 'spec.template', 'spec.completionMode'],
  EndpointSlice: ['addressType'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Secret: ['type'],
};

export function validateKind(kind: KindInfo, object: ApiObject): Cause[] {
  return VALIDATIONS[kind.kind]?.(object) ?? [];
}

/** Where an empty map is another value than none, although neither is stored; a ConfigMap's data is never none. */
const EMPTY_IS_A_CHANGE: Record<string, string> = { ConfigMap: 'binaryData', Secret: 'data' };

function immutableData(kind: KindInfo, before: ApiObject, after: ApiObject, sent: object): Cause[] {
  if (valueAt(before, 'immutable') !== true) return [];
  const changed = ['data', 'binaryData'].filter((key) => {
    const isGivenEmpty =
      EMPTY_IS_A_CHANGE[kind.kind] === key && before[key] === undefined && isFields(valueAt(sent, key));
    return isGivenEmpty || !equal(before[key], after[key]);
  });
  const refused = valueAt(after, 'immutable') === true ? changed : ['immutable', ...changed];
  return refused.map((key) => cause.forbidden(key, 'field is immutable when `immutable` is set'));
}

/** `sent`: what the writer sent, with what is not stored. */
export function validateChange(kind: KindInfo, before: ApiObject, after: ApiObject, sent: object): Cause[] {
  const found = (IMMUTABLE[kind.kind] ?? []).flatMap((path) => {
    const value = valueAt(after, ...path.split('.'));
    const old = valueAt(before, ...path.split('.'));
    return old === undefined || equal(old, value) ? [] : [cause.invalid(path, value ?? null, 'field is immutable')];
  });
  if (kind.kind === 'Pod') found.push(...podChangeCauses(fieldsAt(before, 'spec'), fieldsAt(after, 'spec')));
  const address = textAt(before, 'spec', 'clusterIP');
  if (kind.kind === 'Service' && address !== '' && textAt(after, 'spec', 'clusterIP') !== address) {
    found.push(cause.invalid('spec.clusterIPs[0]', [textAt(after, 'spec', 'clusterIP')], 'may not change once set'));
  }
  found.push(...immutableData(kind, before, after, sent));
  return found;
}

const COUNTED = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'];
const PARTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

function replicaSetStatus(status: Fields): Cause[] {
  const count = (name: string) => Number(status[name] ?? 0);
  const found = negative(status, 'status', COUNTED);
  for (const name of PARTS) {
    if (count(name) > count('replicas')) {
      found.push(cause.invalid(`status.${name}`, count(name), 'cannot be greater than status.replicas'));
    }
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    found.push(
      cause.invalid('status.availableReplicas', count('availableReplicas'), 'cannot be greater than readyReplicas'),
    );
  }
  return found;
}

function podStatus(status: Fields): Cause[] {
  const found: Cause[] = [];
  for (const [index, condition] of listAt(status, 'conditions').entries()) {
    const type = textAt(condition, 'type');
    if (!/^([a-z0-9.-]+\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(type)) {
      found.push(cause.invalid(`status.conditions[${index}].Type`, type, 'name part must be non-empty'));
    }
  }
  for (const [index, { ip = '' }] of (listAt(status, 'podIPs') as { ip?: string }[]).entries()) {
    if (!IP.test(ip)) found.push(cause.invalid(`status.podIPs[${index}]`, ip, 'must be a valid IP address'));
  }
  return found;
}

/** What a write of the status must hold to. */
export function validateStatus(kind: KindInfo, after: ApiObject): Cause[] {
  const status = fieldsAt(after, 'status');
  if (kind.kind === 'ReplicaSet') return replicaSetStatus(status);
  return kind.kind === 'Pod' ? podStatus(status) : [];
}
