import type { Pod } from '../../api/kubernetes.ts';
import type { Labels } from '../prometheus/values.ts';

const HASH_LABEL = 'rollouts-pod-template-hash';

export function imageOf(pod: Pod): string {
  return pod.spec.containers[0]?.image ?? '';
}

/** What every series about a pod's requests carries. */
export function podLabels(pod: Pod): Labels {
  const { name, namespace = '', labels = {} } = pod.metadata;
  const app = labels.app ?? labels['app.kubernetes.io/name'] ?? name.replace(/(?:-[a-z0-9]+){1,2}$/, '');
  const [, version = 'latest'] = /:([^/:@]+)(?:@.*)?$/.exec(imageOf(pod)) ?? [];
  const hash = labels[HASH_LABEL];
  const instance = `${pod.status?.podIP ?? ''}:80`;
  return { job: app, app, namespace, pod: name, instance, version, ...(hash && { rollouts_pod_template_hash: hash }) };
}
