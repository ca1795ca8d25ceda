/** What single kinds demand beyond their schema. */
import { type Cause, cause } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { equal, type Fields, fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';
import { labelCauses } from './validation-metadata.ts';

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

function workload(object: ApiObject): Cause[] {
  const selector = valueAt(object, 'spec', 'selector');
  const replicas = valueAt(object, 'spec', 'replicas');
  const found: Cause[] = [];
  if (typeof replicas === 'number' && replicas < 0) {
    found.push(cause.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  const labels = fieldsAt(object, 'spec', 'template', 'metadata', 'labels');
  if (!isFields(selector)) found.push(cause.required('spec.selector'));
  else if (Object.keys(selector).length === 0) {
    found.push(cause.invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
  } else if (!selects(selector, labels)) {
    found.push(cause.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  return [
    ...found,
    ...labelCauses('spec.template.metadata.labels', labels as Record<string, string>),
    ...podSpec(object, 'spec.template.spec'),
  ];
}

function containers(spec: Fields, path: string): Cause[] {
  const names = new Set<string>();
  return listAt(spec, 'containers').flatMap((container, index) => {
    const at = `${path}.containers[${index}]`;
    const name = textAt(container, 'name');
    const found: Cause[] = [];
    if (name === '') found.push(cause.required(`${at}.name`));
    else if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
      found.push(cause.invalid(`${at}.name`, name, 'must be a lowercase RFC 1123 label'));
    } else if (names.has(name)) found.push(cause.duplicate(`${at}.name`, name));
    names.add(name);
    if (textAt(container, 'image') === '') found.push(cause.required(`${at}.image`));
    return [...found, ...ports(container, at)];
  });
}

function ports(container: unknown, path: string): Cause[] {
  return listAt(container, 'ports').flatMap((port, index) => {
    const number = valueAt(port, 'containerPort');
    if (typeof number === 'number' && number > 0 && number < 65536) return [];
    return number === undefined
      ? [cause.required(`${path}.ports[${index}].containerPort`)]
      : [cause.invalid(`${path}.ports[${index}].containerPort`, number, 'must be between 1 and 65535, inclusive')];
  });
}

function podSpec(object: ApiObject, path: string): Cause[] {
  const spec = fieldsAt(object, ...path.split('.'));
  const found = containers(spec, path);
  if (listAt(spec, 'containers').length === 0) found.push(cause.required(`${path}.containers`));
  const policy = textAt(spec, 'restartPolicy');
  if (path.startsWith('spec.template') && object.kind !== 'Job' && policy !== '' && policy !== 'Always') {
    found.push(cause.unsupported(`${path}.restartPolicy`, policy, ['Always']));
  }
  return found;
}

const service: Validation = (object) => {
  const list = listAt(object, 'spec', 'ports');
  const type = textAt(object, 'spec', 'type');
  if (list.length === 0 && type !== 'ExternalName' && textAt(object, 'spec', 'clusterIP') !== 'None')
    return [cause.required('spec.ports')];
  return list.flatMap((port, index) => {
    const number = valueAt(port, 'port');
    const at = `spec.ports[${index}]`;
    const found: Cause[] = [];
    if (list.length > 1 && textAt(port, 'name') === '') found.push(cause.required(`${at}.name`));
    if (typeof number !== 'number' || number < 1 || number > 65535) {
      found.push(cause.invalid(`${at}.port`, number ?? 0, 'must be between 1 and 65535, inclusive'));
    }
    return found;
  });
};

const job: Validation = (object) => {
  const policy = textAt(object, 'spec', 'template', 'spec', 'restartPolicy');
  const at = 'spec.template.spec.restartPolicy';
  const allowed = ['OnFailure', 'Never'];
  const found = podSpec(object, 'spec.template.spec');
  if (policy === 'Always') found.push(cause.required(at, 'valid values: "OnFailure", "Never"'));
  else if (!allowed.includes(policy)) found.push(cause.unsupported(at, policy, allowed));
  return found;
};

const configuration: Validation = (object) =>
  Object.keys(fieldsAt(object, 'data'))
    .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
    .map((key) =>
      cause.invalid(`data[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"),
    );

const endpointSlice: Validation = (object) =>
  textAt(object, 'addressType') === '' ? [cause.required('addressType', '')] : [];

const VALIDATIONS: Record<string, Validation> = {
  Pod: (object) => podSpec(object, 'spec'),
  ReplicaSet: workload,
  Deployment: workload,
  Job: job,
  Service: service,
  ConfigMap: configuration,
  Secret: configuration,
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
  Rollout: ['spec.selector'],
};

export function validateKind(kind: KindInfo, object: ApiObject): Cause[] {
  return VALIDATIONS[kind.kind]?.(object) ?? [];
}

export function validateChange(kind: KindInfo, before: ApiObject, after: ApiObject): Cause[] {
  const found = (IMMUTABLE[kind.kind] ?? []).flatMap((path) => {
    const value = valueAt(after, ...path.split('.'));
    const old = valueAt(before, ...path.split('.'));
    return old === undefined || equal(old, value) ? [] : [cause.invalid(path, value ?? null, 'field is immutable')];
  });
  if (kind.kind === 'Pod' && podChanged(before, after)) {
    const rule =
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
    found.push(cause.forbidden('spec', rule));
  }
  const address = textAt(before, 'spec', 'clusterIP');
  if (kind.kind === 'Service' && address !== '' && textAt(after, 'spec', 'clusterIP') !== address) {
    found.push(cause.invalid('spec.clusterIPs[0]', [textAt(after, 'spec', 'clusterIP')], 'may not change once set'));
  }
  if (valueAt(before, 'immutable') === true && !equal(before.data, after.data)) {
    found.push(cause.forbidden('data', 'field is immutable when `immutable` is set'));
  }
  return found;
}

function podChanged(before: ApiObject, after: ApiObject): boolean {
  const fixed = (pod: ApiObject) => {
    const {
      containers: list = [],
      initContainers = [],
      tolerations,
      activeDeadlineSeconds,
      nodeName,
      ...rest
    } = fieldsAt(pod, 'spec');
    const unimaged = (container: unknown) => ({ ...(isFields(container) ? container : {}), image: '' });
    return {
      ...rest,
      containers: (list as unknown[]).map(unimaged),
      init: (initContainers as unknown[]).map(unimaged),
    };
  };
  const isBinding = textAt(before, 'spec', 'nodeName') === '';
  const moved = !isBinding && textAt(before, 'spec', 'nodeName') !== textAt(after, 'spec', 'nodeName');
  return moved || !equal(fixed(before), fixed(after));
}
