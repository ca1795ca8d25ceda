/** What pods and pod templates demand beyond the types of their fields. */
import { type Cause, cause } from './failure.ts';
import { equal, type Fields, fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import { labelCauses } from './validation-metadata.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([a-z0-9.-]+\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const NOT_LABEL = 'must be a lowercase RFC 1123 label';

function isPort(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < 65536;
}

function oneOf(fields: unknown, key: string, allowed: readonly string[], path: string): Cause[] {
  const value = textAt(fields, key);
  if (value === '') return [cause.required(`${path}.${key}`)];
  return allowed.includes(value) ? [] : [cause.unsupported(`${path}.${key}`, value, allowed)];
}

function names(list: unknown[], path: string, seen: Set<string>): Cause[] {
  return list.flatMap((item, index) => {
    const at = `${path}[${index}].name`;
    const name = textAt(item, 'name');
    if (name === '') return [cause.required(at)];
    if (!LABEL.test(name)) return [cause.invalid(at, name, NOT_LABEL)];
    if (seen.has(name)) return [cause.duplicate(at, name)];
    seen.add(name);
    return [];
  });
}

function ports(container: unknown, path: string): Cause[] {
  const seen = new Set<string>();
  return listAt(container, 'ports').flatMap((port, index) => {
    const at = `${path}.ports[${index}]`;
    const found: Cause[] = [];
    const name = textAt(port, 'name');
    if (name !== '' && !PORT_NAME.test(name)) found.push(cause.invalid(`${at}.name`, name, 'must be a port name'));
    else if (name !== '' && seen.has(name)) found.push(cause.duplicate(`${at}.name`, name));
    seen.add(name);
    const number = valueAt(port, 'containerPort');
    if (number === undefined || number === 0) found.push(cause.required(`${at}.containerPort`));
    else if (!isPort(number))
      found.push(cause.invalid(`${at}.containerPort`, number, 'must be between 1 and 65535, inclusive'));
    return [...found, ...oneOf(port, 'protocol', PROTOCOLS, at)];
  });
}

function environment(container: unknown, path: string): Cause[] {
  return listAt(container, 'env').flatMap((variable, index) =>
    textAt(variable, 'name') === '' ? [cause.required(`${path}.env[${index}].name`)] : [],
  );
}

const SUFFIXES: Record<string, number> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

function amount(quantity: unknown): number {
  const [, digits = '', suffix = ''] = /^([+-]?[\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  return Number(digits) * (SUFFIXES[suffix] ?? 1);
}

function resources(container: unknown, path: string): Cause[] {
  const limits = fieldsAt(container, 'resources', 'limits');
  return Object.entries(fieldsAt(container, 'resources', 'requests')).flatMap(([name, request]) =>
    limits[name] !== undefined && amount(request) > amount(limits[name])
      ? [
          cause.invalid(
            `${path}.resources.requests`,
            request,
            `must be less than or equal to ${name} limit of ${String(limits[name])}`,
          ),
        ]
      : [],
  );
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function probe(container: unknown, name: string, path: string): Cause[] {
  const given = valueAt(container, name);
  if (!isFields(given)) return [];
  const at = `${path}.${name}`;
  const found: Cause[] = [];
  if (!HANDLERS.some((handler) => given[handler] !== undefined))
    found.push(cause.required(at, 'must specify a handler type'));
  const [, ...others] = HANDLERS.filter((handler) => given[handler] !== undefined);
  found.push(
    ...others.map((handler) => cause.forbidden(`${at}.${handler}`, 'may not specify more than 1 handler type')),
  );
  for (const handler of ['httpGet', 'tcpSocket']) {
    const port = valueAt(given, handler, 'port');
    if (given[handler] === undefined || others.includes(handler)) continue;
    const isRight = typeof port === 'string' ? PORT_NAME.test(port) : isPort(port);
    if (!isRight) found.push(cause.invalid(`${at}.${handler}.port`, port, 'must be between 1 and 65535, inclusive'));
  }
  for (const key of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    const number = given[key];
    if (typeof number === 'number' && number < 0)
      found.push(cause.invalid(`${at}.${key}`, number, 'must be greater than or equal to 0'));
  }
  return found;
}

function container(given: unknown, path: string): Cause[] {
  const image = textAt(given, 'image');
  return [
    ...(image === '' ? [cause.required(`${path}.image`)] : []),
    ...ports(given, path),
    ...environment(given, path),
    ...resources(given, path),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => probe(given, name, path)),
    ...oneOf(given, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], path),
  ];
}

function tolerations(spec: Fields, path: string): Cause[] {
  return listAt(spec, 'tolerations').flatMap((toleration, index) => {
    const operator = textAt(toleration, 'operator') || 'Equal';
    const at = `${path}.tolerations[${index}]`;
    if (!['Equal', 'Exists'].includes(operator))
      return [cause.unsupported(`${at}.operator`, operator, ['Equal', 'Exists'])];
    const isMissing = textAt(toleration, 'key') === '' && operator === 'Equal';
    return isMissing ? [cause.invalid(`${at}.operator`, operator, 'operator must be Exists when `key` is empty')] : [];
  });
}

export function podSpecCauses(spec: Fields, path: string): Cause[] {
  const seen = new Set<string>();
  const list = listAt(spec, 'containers');
  const initial = listAt(spec, 'initContainers');
  const account = textAt(spec, 'serviceAccountName');
  const found = list.length === 0 ? [cause.required(`${path}.containers`)] : names(list, `${path}.containers`, seen);
  return [
    ...names(listAt(spec, 'volumes'), `${path}.volumes`, new Set()),
    ...found,
    ...names(initial, `${path}.initContainers`, seen),
    ...list.flatMap((each, index) => container(each, `${path}.containers[${index}]`)),
    ...initial.flatMap((each, index) => container(each, `${path}.initContainers[${index}]`)),
    ...oneOf(spec, 'restartPolicy', ['Always', 'Never', 'OnFailure'], path),
    ...oneOf(spec, 'dnsPolicy', ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'], path),
    ...labelCauses(`${path}.nodeSelector`, fieldsAt(spec, 'nodeSelector') as Record<string, string>),
    ...(account !== '' && !SUBDOMAIN.test(account)
      ? [cause.invalid(`${path}.serviceAccountName`, account, NOT_LABEL)]
      : []),
    ...tolerations(spec, path),
    ...listAt(spec, 'readinessGates').flatMap((gate, index) => {
      const type = textAt(gate, 'conditionType');
      return QUALIFIED.test(type)
        ? []
        : [cause.invalid(`${path}.readinessGates[${index}].conditionType`, type, 'name part must be non-empty')];
    }),
  ];
}

const POD_RULE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Of a pod only images, deadlines and tolerations change once it is made. */
export function podChangeCauses(before: Fields, after: Fields): Cause[] {
  for (const name of ['containers', 'initContainers']) {
    if (listAt(before, name).length !== listAt(after, name).length) {
      return [cause.forbidden(`spec.${name}`, 'pod updates may not add or remove containers')];
    }
  }
  const kept = listAt(before, 'tolerations').every((old) =>
    listAt(after, 'tolerations').some((each) => equal(each, old)),
  );
  const found = kept
    ? []
    : [cause.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
  return equal(unchangeable(before), unchangeable(after)) ? found : [...found, cause.forbidden('spec', POD_RULE)];
}

function unchangeable(spec: Fields): Fields {
  const { tolerations: _, activeDeadlineSeconds: __, nodeName, ...rest } = spec;
  const unimaged = (name: string) => listAt(spec, name).map((each) => ({ ...(isFields(each) ? each : {}), image: '' }));
  return {
    ...rest,
    nodeName: nodeName ?? '',
    containers: unimaged('containers'),
    initContainers: unimaged('initContainers'),
  };
}
