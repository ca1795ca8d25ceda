import { randomBytes } from 'node:crypto';
import type { KubeClient, Resource } from '../../../src/kube/client.ts';
import { type AnyObject, namespaces } from '../../../src/kube/resources.ts';
import { connect } from '../../worlds/real/connect.ts';
import { applyManifests, type Manifest } from '../../worlds/real/manifests.ts';
import { PROVOKED } from '../../worlds/real/rbac-audit.ts';
import { readRealWorld } from '../../worlds/real/state.ts';

/** Two objects of Flux that stand still, and Headgate's own identity, whose requests are refused on purpose. */
export async function openIdleFlux() {
  const state = readRealWorld();
  if (!state) throw new Error('there is no real world');
  const admin = connect(state.kubeconfig, 'stage');
  const controller = connect(state.controllerKubeconfig, PROVOKED);
  const namespace = `flux-${randomBytes(4).toString('hex')}`;
  const metadata = { name: 'idle', namespace, annotations: { owner: 'a person' } };
  const sourceRef = { kind: 'GitRepository', name: 'idle' };
  await applyManifests(admin, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository', metadata },
      spec: { interval: '1h', url: 'https://git.example.com/team/deploy', suspend: true },
    },
    {
      ...{ apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata },
      spec: { interval: '1h', prune: true, sourceRef, suspend: true },
    },
  ] as Manifest[]);
  return {
    controller,
    patch: (client: KubeClient, resource: Resource<AnyObject>, body: object) =>
      client.patch(resource, { namespace, name: 'idle' }, { type: 'merge', body }),
    async end() {
      await admin.delete(namespaces, { name: namespace }, { propagation: 'Background' });
      admin.close();
      controller.close();
    },
  };
}
