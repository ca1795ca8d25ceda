import { join } from 'node:path';
import { createControllerProcess } from '../../../src/cli/demo/controller-process.ts';
import type { ControllerProcess } from '../../worlds/controller.ts';
import { connect } from '../../worlds/real/connect.ts';
import { applyManifests, readManifests } from '../../worlds/real/manifests.ts';
import type { ControllerPlace } from '../../worlds/real/test-world.ts';

/** What deploy/ allows the controller in its own namespace, in this one. */
export async function makeHome({ state, namespace }: ControllerPlace): Promise<void> {
  const admin = connect(state.kubeconfig);
  const deployed = await readManifests('deploy/rbac.yaml');
  const home = deployed.filter(({ metadata }) => metadata.name === 'headgate-home');
  if (home.length !== 2) throw new Error('deploy/rbac.yaml has no headgate-home and its binding');
  await applyManifests(
    admin,
    home.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } })),
  );
  admin.close();
}

export function flagsFor({ state, namespace, folder, resolve }: ControllerPlace): string[] {
  return [
    ...['--kubeconfig', state.controllerKubeconfig],
    // Other stories have controllers of their own: this one looks at nothing but its own namespace, and leads there.
    ...['--namespaced', '--namespace', namespace, '--address', '127.0.0.1', '--port', '0'],
    ...['--resolve', resolve, '--cache-folder', join(folder.own, 'cache')],
    // Gitea is on this machine, without TLS.
    ...['--allow-loopback', '--allow-plain-http', '127.0.0.1'],
  ];
}

/** The controller as it is deployed for one namespace: a process of its own, with an election and with deploy's rights. */
export async function startAsDeployed(place: ControllerPlace): Promise<ControllerProcess> {
  await makeHome(place);
  const log = join(place.folder.own, 'controller.log');
  const controller = createControllerProcess(log);
  controller.start(flagsFor(place));
  return {
    async kill() {
      await controller.stop();
      if (controller.restarts > 0) throw new Error(`the controller ended ${controller.restarts} times: see ${log}`);
    },
  };
}
