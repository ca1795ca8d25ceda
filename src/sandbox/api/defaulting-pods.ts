/** The fields that the API server fills into pods and pod templates. */
import { ensureFields, type Fields, fieldsAt, isFields, listAt, setDefault, textAt } from './objects.ts';

export function defaultPodSpec(spec: Fields): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'schedulerName', 'default-scheduler');
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount !== undefined) spec.serviceAccountName = spec.serviceAccount;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of listAt(spec, list))
      if (isFields(container)) defaultContainer(container, spec.hostNetwork === true);
  }
  for (const volume of listAt(spec, 'volumes')) if (isFields(volume)) defaultVolume(volume);
}

/** What only a pod gets, not a template. */
export function defaultPod(spec: Fields): void {
  defaultPodSpec(spec);
  setDefault(spec, 'enableServiceLinks', true);
  if (Number(spec.terminationGracePeriodSeconds) < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of listAt(spec, 'containers')) if (isFields(container)) requestLimits(container);
}

/** What a pod is given on its way in; nobody is entered as its writer. */
export function admitPod(pod: Fields, isNew: boolean): void {
  const spec = ensureFields(pod, 'spec');
  tolerate(spec);
  if (!isNew) return;
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  setDefault(spec, 'priority', 0);
  ensureFields(pod, 'status').qosClass = qualityOf(spec);
}

const COUNTED = ['cpu', 'memory'];

/** Guaranteed is what asks for exactly what it may have, of everything; best effort asks for nothing. */
function qualityOf(spec: Fields): string {
  const all = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const wishes = all.map((each) => ({
    requests: fieldsAt(each, 'resources', 'requests'),
    limits: fieldsAt(each, 'resources', 'limits'),
  }));
  const isNamed = (fields: Fields) => COUNTED.some((name) => fields[name] !== undefined);
  if (!wishes.some(({ requests, limits }) => isNamed(requests) || isNamed(limits))) return 'BestEffort';
  const isExact = wishes.every(({ requests, limits }) =>
    COUNTED.every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return isExact ? 'Guaranteed' : 'Burstable';
}

/** For five minutes a pod stays on a node that is gone. */
function tolerate(spec: Fields): void {
  const tolerations = [...listAt(spec, 'tolerations')];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const known = tolerations.some(
      (each) => textAt(each, 'key') === key || (isFields(each) && !each.key && each.operator === 'Exists'),
    );
    if (!known) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

/** A limit without a request is also the request. */
function requestLimits(container: Fields): void {
  const resources = ensureFields(container, 'resources');
  if (!isFields(resources.limits)) return;
  const requests = ensureFields(resources, 'requests');
  for (const [name, quantity] of Object.entries(resources.limits)) setDefault(requests, name, quantity);
}

/** Untagged and `latest` images may have moved: they are pulled always. */
function pullPolicy(image: string): string {
  const [name = '', digest] = image.split('@');
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  return digest === undefined && (tag === undefined || tag === 'latest') ? 'Always' : 'IfNotPresent';
}

function defaultContainer(container: Fields, hostNetwork: boolean): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', pullPolicy(textAt(container, 'image')));
  setDefault(container, 'resources', {});
  for (const port of listAt(container, 'ports')) {
    if (!isFields(port)) continue;
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port.containerPort);
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isFields(probe)) defaultProbe(probe);
  }
  for (const hook of ['postStart', 'preStop']) {
    const lifecycle = container.lifecycle;
    if (isFields(lifecycle) && isFields(lifecycle[hook])) defaultHttpGet(lifecycle[hook]);
  }
  for (const variable of listAt(container, 'env')) {
    const source = isFields(variable) && isFields(variable.valueFrom) ? variable.valueFrom.fieldRef : undefined;
    if (isFields(source)) setDefault(source, 'apiVersion', 'v1');
  }
}

function defaultHttpGet(handler: Fields): void {
  if (!isFields(handler.httpGet)) return;
  setDefault(handler.httpGet, 'path', '/');
  setDefault(handler.httpGet, 'scheme', 'HTTP');
}

function defaultProbe(probe: Fields): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  if (isFields(probe.grpc)) setDefault(probe.grpc, 'service', '');
  defaultHttpGet(probe);
}

function defaultVolume(volume: Fields): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume.emptyDir = {};
  for (const name of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const source = volume[name];
    if (!isFields(source)) continue;
    setDefault(source, 'defaultMode', 420);
    defaultDownward(source);
    for (const projected of listAt(source, 'sources')) if (isFields(projected)) defaultProjection(projected);
  }
  if (isFields(volume.hostPath)) setDefault(volume.hostPath, 'type', '');
}

function defaultProjection(source: Fields): void {
  if (isFields(source.serviceAccountToken)) setDefault(source.serviceAccountToken, 'expirationSeconds', 3600);
  if (isFields(source.downwardAPI)) defaultDownward(source.downwardAPI);
}

function defaultDownward(source: Fields): void {
  for (const item of listAt(source, 'items')) {
    if (isFields(item) && isFields(item.fieldRef)) setDefault(item.fieldRef, 'apiVersion', 'v1');
  }
}
