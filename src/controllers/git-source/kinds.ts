import { descriptorOf, type KubeObject } from '../../api/index.ts';
import type { Resource } from '../../kube/client.ts';

const CLUSTER_SCOPED = new Set([
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'gateway.networking.k8s.io/GatewayClass',
  'networking.k8s.io/IngressClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/StorageClass',
]);

/** The rule that nearly every kind follows. */
function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === 'endpoints') return name;
  if (/(s|x|z|ch|sh)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

/** Where an object of any kind lives on the API server. */
export function resourceOf({ apiVersion = '', kind = '' }: KubeObject): Resource {
  const [first = '', second] = apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const known = descriptorOf(group, kind);
  const namespaced = known ? known.scope === 'Namespaced' : !CLUSTER_SCOPED.has(`${group}/${kind}`);
  return { group, version, kind, plural: known?.plural ?? pluralOf(kind), namespaced };
}

/** `apps/Deployment`, `/Service`: a kind in all versions of its API. */
export function groupKindOf({ apiVersion = '', kind = '' }: KubeObject): string {
  return `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`;
}
