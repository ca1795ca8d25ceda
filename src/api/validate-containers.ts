/** Containers: the mistakes that are common and can be told without knowing all of Kubernetes' own rules. */
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields.ts';
import type { Container } from './kubernetes.ts';
import { duplicates, inside, listed, type Problem, problem, show } from './problems.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Names that become part of something in the pod, such as those of containers and volumes. */
export function podNameProblems(path: string, name: unknown): Problem[] {
  if (typeof name !== 'string') return [];
  if (name === '') return [problem(path, 'name is required: give it one, unique in the pod')];
  if (name.length <= 63 && LABEL.test(name)) return [];
  return [
    problem(
      path,
      `${show(name)}: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character; use up to 63 of them`,
    ),
  ];
}

/** A value that is none of the known words; empty text counts as not set. */
export function wordProblems(path: string, value: unknown, words: readonly string[]): Problem[] {
  if (value === undefined || value === null || value === '' || words.some((word) => word === value)) return [];
  const supported = `supported values: ${words.map(show).join(', ')}`;
  return [problem(path, `${show(value)} is an unsupported value: ${supported}; choose one or remove the field`)];
}

function portNameProblems(path: string, name: string): Problem[] {
  if (!/^[-a-z0-9]+$/.test(name)) {
    return [
      problem(
        path,
        `${show(name)} must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-): choose another name`,
      ),
    ];
  }
  if (name.length <= 15 && /[a-z]/.test(name) && !/^-|--|-$/.test(name)) return [];
  const rule = 'up to 15 characters, with a letter, and hyphens one by one inside';
  return [problem(path, `${show(name)} is no name of a port: use ${rule}`)];
}

function portProblems(path: string, ports: unknown[]): Problem[] {
  const problems = ports.flatMap((port, index) => {
    const { containerPort, protocol, name } = fieldsOf(port);
    const at = `${path}[${index}]`;
    const found = wordProblems(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
    if (typeof containerPort === 'number' && (containerPort < 1 || containerPort > 65_535)) {
      found.push(problem(`${at}.containerPort`, `${containerPort} must be between 1 and 65535, inclusive: correct it`));
    }
    return name ? [...found, ...portNameProblems(`${at}.name`, String(name))] : found;
  });
  const names = ports.map((port) => textOf(fieldsOf(port).name) || undefined);
  return [...problems, ...duplicates(names, (index) => `${path}[${index}].name`, 'port name')];
}

function environmentProblems(path: string, variables: unknown[]): Problem[] {
  return variables.flatMap((variable, index) => {
    const { value, valueFrom } = fieldsOf(variable);
    if (!value || !isFields(valueFrom)) return [];
    const message = 'may not be specified when `value` is not empty: keep one of value and valueFrom';
    return [problem(`${path}[${index}].valueFrom`, message)];
  });
}

/** Every mount is of a volume of the pod, each at a place of its own. */
function mountProblems(path: string, mounts: unknown[], volumes: readonly unknown[]): Problem[] {
  const places = mounts.map((mount) => textOf(fieldsOf(mount).mountPath));
  return mounts.flatMap((mount, index) => {
    const { name } = fieldsOf(mount);
    const at = `${path}[${index}]`;
    const problems: Problem[] = [];
    if (typeof name === 'string' && !volumes.includes(name)) {
      const known = volumes.length === 0 ? 'there are none' : `there are ${listed(volumes.map(show))}`;
      const message = `${show(name)} is not found among spec.volumes: ${known}; add the volume or correct the name`;
      problems.push(problem(`${at}.name`, message));
    }
    const place = places[index];
    if (!place) problems.push(problem(`${at}.mountPath`, 'mountPath is required: say where the volume is to be'));
    else if (places.indexOf(place) < index) {
      problems.push(problem(`${at}.mountPath`, `${show(place)} must be unique: mount each volume at its own path`));
    }
    return problems;
  });
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function probeProblems(path: string, container: Fields): Problem[] {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
  return probes.flatMap((name) => {
    const probe = container[name];
    if (!isFields(probe)) return [];
    const set = handlers.filter((handler) => isFields(probe[handler]));
    if (set.length === 1) return [];
    const message =
      set.length === 0
        ? `must specify a handler type: set one of ${listed(handlers, 'or')}`
        : `may not specify more than 1 handler type: keep one of ${listed(set, 'and')}`;
    return [problem(inside(path, name), message)];
  });
}

/** What is wrong with one container of a pod that has these volumes, by name. */
export function containerProblems(path: string, container: Container, volumes: readonly unknown[]): Problem[] {
  const { name, image } = container;
  const problems = podNameProblems(`${path}.name`, name);
  if (image === undefined || image.trim() === '') {
    problems.push(problem(`${path}.image`, 'image is required: name the image that the container runs'));
  }
  return [
    ...problems,
    ...wordProblems(`${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...portProblems(`${path}.ports`, listOf(container.ports)),
    ...environmentProblems(`${path}.env`, listOf(container.env)),
    ...mountProblems(`${path}.volumeMounts`, listOf(container.volumeMounts), volumes),
    ...probeProblems(path, container),
  ];
}
