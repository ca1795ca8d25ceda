import {
  EPHEMERAL_METADATA,
  type Json,
  POD_TEMPLATE_HASH,
  type PodTemplateSpec,
  type ReplicaSet,
} from '../api/index.ts';

/** What the API server fills in where a pod template leaves a field out, by the field's name. */
const DEFAULTS: Record<string, Json> = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  terminationGracePeriodSeconds: 30,
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
  preemptionPolicy: 'PreemptLowerPriority',
  priority: 0,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  protocol: 'TCP',
  apiVersion: 'v1',
  defaultMode: 420,
  divisor: '0',
  successThreshold: 1,
  failureThreshold: 3,
  periodSeconds: 10,
  timeoutSeconds: 1,
  initialDelaySeconds: 0,
  scheme: 'HTTP',
  path: '/',
  type: '',
  readOnly: false,
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  stdin: false,
  stdinOnce: false,
  tty: false,
  hostPort: 0,
};

const SUFFIXES: Record<string, number> = {
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
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(value));
  if (!match) return undefined;
  return Number(match[1]) * (match[2] ? (SUFFIXES[match[2]] ?? 1) : 1);
}

function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [quantity(a), quantity(b)];
  if (left === undefined || right === undefined) return a === b;
  return Math.abs(left - right) <= Math.max(Math.abs(left), Math.abs(right)) * 1e-12;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.values(value).every(isEmpty);
}

function defaultPullPolicy(image: unknown): string {
  const name = String(image).split('/').at(-1) ?? '';
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

/** Whether a field that only the API server's copy has says what its absence says. */
function isDefault(key: string, value: unknown, owner: Record<string, unknown>): boolean {
  if (key === 'imagePullPolicy') return value === defaultPullPolicy(owner.image);
  if (key === 'serviceAccount') return value === owner.serviceAccountName;
  return isEmpty(value) || (key in DEFAULTS && value === DEFAULTS[key]);
}

/** Maps whose keys are the user's own: here nothing is a default, and an empty value is a value. */
const USERS_MAPS: readonly string[] = ['labels', 'annotations', 'matchLabels', 'nodeSelector'];

function sameMap(a: unknown, b: unknown): boolean {
  const [left, right] = [isRecord(a) ? a : {}, isRecord(b) ? b : {}];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function sameRecord(a: Record<string, unknown>, b: Record<string, unknown>, inQuantities: boolean): boolean {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[key], b[key]];
    if (USERS_MAPS.includes(key)) {
      if (!sameMap(left, right)) return false;
    } else if (left === undefined || right === undefined) {
      const owner = left === undefined ? b : a;
      if (!isDefault(key, owner[key], owner)) return false;
    } else if (!same(left, right, inQuantities || key === 'limits' || key === 'requests' || key === 'divisor'))
      return false;
  }
  return true;
}

function same(a: unknown, b: unknown, inQuantities = false): boolean {
  if (isRecord(a) && isRecord(b)) return sameRecord(a, b, inQuantities);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index], inQuantities));
  }
  if (isEmpty(a) && isEmpty(b)) return true;
  return inQuantities ? sameQuantity(a, b) : a === b;
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [POD_TEMPLATE_HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/**
 * Whether two pod templates ask for the same pods: equal but for the hash label, for what the API server fills in, and
 * for other spellings of one quantity.
 */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return same(withoutHash(a), withoutHash(b));
}

function without(entries: Record<string, string> | undefined, added: unknown): Record<string, string> {
  const gone = isRecord(added) ? added : {};
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key, value]) => gone[key] !== value));
}

/** The template that a ReplicaSet was made from: without the metadata that a controller gave its pods for their part in an update. */
export function givenTemplate({ metadata, spec }: ReplicaSet): PodTemplateSpec {
  const { template } = spec;
  const text = metadata.annotations?.[EPHEMERAL_METADATA];
  if (!text) return template;
  const { labels, annotations } = parsed(text);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: without(template.metadata?.labels, labels),
      annotations: without(template.metadata?.annotations, annotations),
    },
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value ?? null);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join(',')}}`;
}

/** The letters that a hash is spelled with: no vowels, so that no words arise. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

function fnv32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function spelled(hash: number): string {
  return [...String(hash)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('');
}

/** The hash that names a template's ReplicaSet. `collisionCount` makes another one where the first name was taken. */
export function templateHash(template: PodTemplateSpec, collisionCount?: number): string {
  const suffix = collisionCount === undefined ? '' : `#${collisionCount}`;
  return spelled(fnv32(Buffer.from(canonical(template) + suffix)));
}

/** The hash of a canary's steps: a change of it starts the update over. */
export function stepsHash(steps: unknown): string {
  return spelled(fnv32(Buffer.from(canonical(steps ?? null))));
}
