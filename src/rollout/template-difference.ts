import { POD_TEMPLATE_HASH } from '../api/annotations.ts';
import { type Fields, fieldsOf, isFields } from '../api/fields.ts';
import type { PodTemplateSpec } from '../api/kubernetes.ts';

/** Keys of labels and annotations that a controller puts on the pods of one side only. */
export interface IgnoredMetadata {
  labels?: readonly string[];
  annotations?: readonly string[];
}

/** What the API server fills in where a template is silent, or drops where it is said, by the field's name. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  apiVersion: ['v1'],
  defaultMode: [420],
  divisor: ['0', 0],
  expirationSeconds: [3600],
  failureThreshold: [3],
  hostPort: [0],
  initialDelaySeconds: [0],
  path: ['/'],
  periodSeconds: [10],
  protocol: ['TCP'],
  readOnly: [false],
  scheme: ['HTTP'],
  stdin: [false],
  stdinOnce: [false],
  successThreshold: [1],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  timeoutSeconds: [1],
  tty: [false],
};

/** Defaults of the pod's own fields; the same names mean something else further down. */
const POD_DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  dnsPolicy: ['ClusterFirst'],
  enableServiceLinks: [true],
  hostIPC: [false],
  hostNetwork: [false],
  hostPID: [false],
  preemptionPolicy: ['PreemptLowerPriority'],
  priority: [0],
  restartPolicy: ['Always'],
  schedulerName: ['default-scheduler'],
  terminationGracePeriodSeconds: [30],
};

/** Maps whose keys are the user's own: here nothing is a default, and an empty value is a value. */
const USERS_MAPS = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector']);

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

/** A Kubernetes quantity such as `100m`, `1.5Gi` or `1e3` as a number; undefined where it is none. */
function quantity(value: unknown): number | undefined {
  const { number, suffix = '' } = QUANTITY.exec(String(value))?.groups ?? {};
  if (number === undefined) return undefined;
  return /^[eE][+-]?\d/.test(suffix) ? Number(number + suffix) : Number(number) * (POWERS[suffix] ?? 1);
}

function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [quantity(a), quantity(b)];
  if (left === undefined || right === undefined) return a === b;
  return Math.abs(left - right) <= Math.max(Math.abs(left), Math.abs(right)) * 1e-12;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isFields(value) && Object.values(value).every(isEmpty);
}

function defaultPullPolicy(image: unknown): string {
  const name = String(image).split('/').at(-1) ?? '';
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

function isIn(table: Readonly<Record<string, readonly unknown[]>>, key: string, value: unknown): boolean {
  return Object.hasOwn(table, key) && table[key]?.includes(value) === true;
}

/** Where two values are. */
interface Place {
  path: string;
  /** Both pods use their node's network, so that their ports are the node's own. */
  hostNetwork: boolean;
}

/** Whether a field that only one side has says what its absence says. */
function isImplied(key: string, owner: Fields, { path, hostNetwork }: Place): boolean {
  const value = owner[key];
  if (isEmpty(value) || isIn(DEFAULTS, key, value)) return true;
  if (path === 'spec' && isIn(POD_DEFAULTS, key, value)) return true;
  if (key === 'imagePullPolicy') return value === defaultPullPolicy(owner.image);
  if (key === 'serviceAccount') return value === owner.serviceAccountName;
  return key === 'hostPort' && hostNetwork && value === owner.containerPort;
}

/** A limit without a request is a request of the same size. */
function withRequests(fields: Fields): Fields {
  return isFields(fields.limits) ? { ...fields, requests: { ...fields.limits, ...fieldsOf(fields.requests) } } : fields;
}

function fieldsDifference(wanted: Fields, running: Fields, place: Place): string | undefined {
  const [left, right] = [withRequests(wanted), withRequests(running)];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const at = { ...place, path: place.path === '' ? key : `${place.path}.${key}` };
    const found = USERS_MAPS.has(key)
      ? mapDifference(fieldsOf(left[key]), fieldsOf(right[key]), at.path)
      : fieldDifference(key, left, right, { place, at });
    if (found !== undefined) return found;
  }
  return undefined;
}

function fieldDifference(key: string, left: Fields, right: Fields, { place, at }: { place: Place; at: Place }) {
  const isSet = (fields: Fields) => fields[key] !== undefined && fields[key] !== null;
  if (isSet(left) && isSet(right)) return difference(left[key], right[key], at);
  return isImplied(key, isSet(left) ? left : right, place) ? undefined : at.path;
}

function mapDifference(left: Fields, right: Fields, path: string): string | undefined {
  const key = [...Object.keys(left), ...Object.keys(right)].find((each) => left[each] !== right[each]);
  return key === undefined ? undefined : `${path}.${key}`;
}

function listDifference(left: unknown[], right: unknown[], { path, ...place }: Place): string | undefined {
  if (left.length !== right.length) return path;
  for (const [index, item] of left.entries()) {
    const found = difference(item, right[index], { ...place, path: `${path}[${index}]` });
    if (found !== undefined) return found;
  }
  return undefined;
}

function difference(left: unknown, right: unknown, place: Place): string | undefined {
  if (isFields(left) && isFields(right)) return fieldsDifference(left, right, place);
  if (Array.isArray(left) && Array.isArray(right)) return listDifference(left, right, place);
  if (left === right || (isEmpty(left) && isEmpty(right))) return undefined;
  const [field = '', above = ''] = place.path.split('.').reverse();
  const isQuantity = QUANTITY_PARENTS.has(above) || QUANTITY_FIELDS.has(field);
  return isQuantity && sameQuantity(left, right) ? undefined : place.path;
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
    spec: spec ?? {},
  };
}

/**
 * The path of the first field in which two pod templates ask for different pods; undefined where they ask for the same:
 * equal but for the hash label, for what the API server fills in or drops by itself, and for other spellings of one
 * quantity. Anything that is not known to be harmless is a difference.
 */
export function templateDifference(
  wanted: PodTemplateSpec,
  running: PodTemplateSpec,
  ignored: IgnoredMetadata = {},
): string | undefined {
  const hostNetwork = wanted.spec?.hostNetwork === true && running.spec?.hostNetwork === true;
  return difference(comparable(wanted, ignored), comparable(running, ignored), { path: '', hostNetwork });
}

export function sameTemplate(wanted: PodTemplateSpec, running: PodTemplateSpec, ignored?: IgnoredMetadata): boolean {
  return templateDifference(wanted, running, ignored) === undefined;
}
