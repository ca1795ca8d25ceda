import type { KubeObject } from '../../api/index.ts';
import { groupKindOf } from './kinds.ts';

/** Kinds by stage: what others need comes before them. What is in none of them comes at `REST`. */
const BEFORE: readonly (readonly string[])[] = [
  ['/Namespace'],
  ['apiextensions.k8s.io/CustomResourceDefinition'],
  [
    '/ServiceAccount',
    '/ResourceQuota',
    '/LimitRange',
    'scheduling.k8s.io/PriorityClass',
    'storage.k8s.io/StorageClass',
    'networking.k8s.io/IngressClass',
    'gateway.networking.k8s.io/GatewayClass',
  ],
  ['rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/Role'],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', 'rbac.authorization.k8s.io/RoleBinding'],
  ['/ConfigMap', '/Secret', '/PersistentVolume', '/PersistentVolumeClaim'],
];
/** Rollouts when all that they name is there; then what other calls to the API server would have to pass. */
const AFTER: readonly (readonly string[])[] = [
  ['argoproj.io/Rollout'],
  [
    'admissionregistration.k8s.io/MutatingWebhookConfiguration',
    'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
    'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
    'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
    'apiregistration.k8s.io/APIService',
  ],
];
const REST = BEFORE.length;

const stages = new Map<string, number>([
  ...BEFORE.flatMap((kinds, stage) => kinds.map((kind) => [kind, stage] as const)),
  ...AFTER.flatMap((kinds, stage) => kinds.map((kind) => [kind, REST + 1 + stage] as const)),
]);

/** When an object is applied among others, the lowest number first; they are deleted the other way round. */
export function stageOf(object: KubeObject): number {
  return stages.get(groupKindOf(object)) ?? REST;
}
