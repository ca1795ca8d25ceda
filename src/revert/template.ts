import { POD_TEMPLATE_HASH } from '../api/annotations.ts';
import type { PodTemplateSpec } from '../api/kubernetes.ts';

/** Keys of labels and annotations that the controller puts on the pods of one side only. */
export interface IgnoredMetadata {
  labels?: readonly string[];
  annotations?: readonly string[];
}

type Fields = Record<string, unknown>;

/** What the API server fills in where a pod template is silent. Any other extra field is a difference. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  apiVersion: ['v1'],
  creationTimestamp: [null],
  defaultMode: [420],
  divisor: ['0', 0],
  dnsPolicy: ['ClusterFirst'],
  enableServiceLinks: [true],
  expirationSeconds: [3600],
  failureThreshold: [3],
  imagePullPolicy: ['Always', 'IfNotPresent'],
  periodSeconds: [10],
  protocol: ['TCP'],
  restartPolicy: ['Always'],
  schedulerName: ['default-scheduler'],
  scheme: ['HTTP'],
  successThreshold: [1],
  terminationGracePeriodSeconds: [30],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  timeoutSeconds: [1],
  type: [''],
};

/** Fields that the API server drops when they hold their zero value; pointers to the same types it keeps. */
const DROPPED_ZERO = new Set([
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostPort',
  'initialDelaySeconds',
  'readOnly',
  'stdin',
  'stdinOnce',
  'tty',
]);

const QUANTITY_PARENTS = new Set(['limits', 'requests']);
const QUANTITY_FIELDS = new Set(['sizeLimit', 'divisor', 'storage']);
const QUANTITY = /^(?<number>[+-]?(?:\d+\.?\d*|\.\d+))(?<suffix>n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$/;
const POWERS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function quantity(value: unknown): number | undefined {
  const { number, suffix = '' } = QUANTITY.exec(String(value))?.groups ?? {};
  if (number === undefined) return undefined;
  const power = /^[eE][+-]?\d/.test(suffix) ? 10 ** Number(suffix.slice(1)) : (POWERS[suffix] ?? 1);
  return Number(number) * power;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.values(value).every(isEmpty);
}

function mayBeDropped(key: string, value: unknown): boolean {
  return isEmpty(value) || (DROPPED_ZERO.has(key) && (value === false || value === 0));
}

function isDefaulted(key: string, value: unknown, siblings: Fields): boolean {
  if (isEmpty(value)) return true;
  if (DEFAULTS[key]?.includes(value)) return true;
  if (key === 'serviceAccount') return value === siblings.serviceAccountName;
  if (key === 'hostPort') return value === siblings.containerPort;
  // A limit without a request is a request of the same size.
  return key === 'requests' && isFields(value) && difference(value, siblings.limits, key) === undefined;
}

function sameQuantity(fromGit: unknown, fromCluster: unknown): boolean {
  const left = quantity(fromGit);
  const right = quantity(fromCluster);
  return left !== undefined && right !== undefined && Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), 1e-9);
}

/** Extra requests inside a list that names some: each must equal its limit. */
function extraRequests(path: string, siblings: Fields, parent: Fields | undefined, key: string): boolean {
  const limits = parent?.limits;
  return path.endsWith('requests') && isFields(limits) && sameQuantity(limits[key], siblings[key]);
}

function fieldsDifference(git: Fields, cluster: Fields, path: string, parent: Fields | undefined): string | undefined {
  for (const key of new Set([...Object.keys(git), ...Object.keys(cluster)])) {
    const at = path === '' ? key : `${path}.${key}`;
    if (git[key] === undefined || git[key] === null) {
      const accepted = isDefaulted(key, cluster[key], cluster) || extraRequests(path, cluster, parent, key);
      if (!accepted) return at;
    } else if (cluster[key] === undefined || cluster[key] === null) {
      if (!mayBeDropped(key, git[key])) return at;
    } else {
      const found = difference(git[key], cluster[key], at, cluster);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function listDifference(git: unknown[], cluster: unknown[], path: string): string | undefined {
  if (git.length !== cluster.length) return path;
  for (const [index, item] of git.entries()) {
    const found = difference(item, cluster[index], `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function difference(git: unknown, cluster: unknown, path: string, parent?: Fields): string | undefined {
  if (isFields(git) && isFields(cluster)) return fieldsDifference(git, cluster, path, parent);
  if (Array.isArray(git) && Array.isArray(cluster)) return listDifference(git, cluster, path);
  if (git === cluster) return undefined;
  const [field = '', above = ''] = path.split('.').reverse();
  const isQuantity = QUANTITY_PARENTS.has(above) || QUANTITY_FIELDS.has(field);
  return isQuantity && sameQuantity(git, cluster) ? undefined : path;
}

function without(map: Readonly<Record<string, string>> | undefined, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}

function comparable({ metadata, spec }: PodTemplateSpec, { labels = [], annotations = [] }: IgnoredMetadata): Fields {
  return {
    metadata: {
      ...metadata,
      labels: without(metadata?.labels, [POD_TEMPLATE_HASH, ...labels]),
      annotations: without(metadata?.annotations, annotations),
    },
    spec,
  };
}

/**
 * The first field in which a template in Git and one that runs in the cluster differ in meaning, undefined where they mean
 * the same: each field of Git's is there with the same value, and all that the cluster's has besides is what the API server
 * fills in by itself. Anything that is not known to be harmless is a difference.
 */
export function templateDifference(
  fromGit: PodTemplateSpec,
  fromCluster: PodTemplateSpec,
  ignored: IgnoredMetadata = {},
): string | undefined {
  return difference(comparable(fromGit, ignored), comparable(fromCluster, ignored), '');
}

export function templatesMatch(
  fromGit: PodTemplateSpec,
  fromCluster: PodTemplateSpec,
  ignored?: IgnoredMetadata,
): boolean {
  return templateDifference(fromGit, fromCluster, ignored) === undefined;
}
