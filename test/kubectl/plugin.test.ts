import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MachineWorld, machineWorld } from './world.ts';

let world: MachineWorld;
let folder = '';

const headgate = (...args: string[]) =>
  world.run(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    resolve('src/cli/kubectl-headgate.ts'),
    ...args,
  ]);

const ROLLOUT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { namespace: 'default', name: 'shop' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'shop' } },
    strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }] } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [{ name: 'shop', image: 'registry.example/shop:1.0.0' }] },
    },
  },
};

const image = (tag: string) =>
  world.api.store.patch(
    'Rollout',
    { namespace: 'default', name: 'shop' },
    { spec: { template: { spec: { containers: [{ name: 'shop', image: `registry.example/shop:${tag}` }] } } } },
  );

describe('kubectl headgate, as a process', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-plugin-'));
    world = await machineWorld(folder);
    world.api.store.create('Rollout', structuredClone(ROLLOUT));
    await world.until('shop', ({ status }) => status?.phase === 'Healthy');
    image('1.1.0');
    await world.until('shop', ({ status }) => status?.phase === 'Paused');
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true });
  });

  it('shows one Rollout as a tree and all of them as a list', async () => {
    const one = await headgate('get', 'rollout', 'shop');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    for (const text of [
      'shop',
      'Paused',
      'CanaryPauseStep',
      'revision:2',
      'revision:1',
      'registry.example/shop:1.1.0',
    ]) {
      expect(one.stdout).toContain(text);
    }
    const list = await headgate('list', 'rollouts');
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/^shop +Canary +Paused +1\/4 +50 /m);
    expect((await headgate('list', 'rollouts', '-n', 'nowhere')).code).toBe(0);
  });

  it('watches until it is told to end', async () => {
    const watching = world.start(process.execPath, [
      resolve('src/cli/kubectl-headgate.ts'),
      'get',
      'rollout',
      'shop',
      '-w',
    ]);
    await watching.printed(/Paused/);
    watching.kill();
    expect((await watching.ended).code).toBe(0);
  });

  it('says how the Rollout is, and waits no longer than it is told to', async () => {
    expect(await headgate('status', 'shop', '--watch=false')).toMatchObject({
      code: 0,
      stdout: 'Paused - CanaryPauseStep\n',
    });
    const late = await headgate('status', 'shop', '--timeout', '1s');
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('Rollout status watch exceeded timeout');
  });

  it('promotes one step, aborts, retries, and promotes all', async () => {
    expect(await headgate('promote', 'shop')).toMatchObject({ code: 0, stdout: "rollout 'shop' promoted\n" });
    await world.until('shop', ({ status }) => status?.currentStepIndex === 3);
    expect(await headgate('abort', 'shop')).toMatchObject({ code: 0, stdout: "rollout 'shop' aborted\n" });
    await world.until('shop', ({ status }) => status?.phase === 'Degraded');
    const degraded = await headgate('status', 'shop');
    expect(degraded.code).toBe(1);
    expect(degraded.stderr).toContain('RolloutAborted: Rollout aborted update to revision 2');
    expect(await headgate('retry', 'rollout', 'shop')).toMatchObject({ code: 0, stdout: "rollout 'shop' retried\n" });
    await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === 1);
    expect((await headgate('promote', 'shop', '--full')).stdout).toBe("rollout 'shop' fully promoted\n");
    expect(await headgate('status', 'shop', '--timeout', '20s')).toMatchObject({ code: 0 });
    expect(world.rollout('shop').status?.phase).toBe('Healthy');
  });

  it('sets an image, and goes back to the revision before', async () => {
    const imageNow = () => world.rollout('shop').spec.template?.spec?.containers[0]?.image;
    const set = await headgate('set', 'image', 'shop', 'shop=registry.example/shop:1.2.0');
    expect(set).toEqual({ code: 0, stdout: 'rollout "shop" image updated\n', stderr: '' });
    await world.until('shop', ({ status }) => status?.phase === 'Paused');
    expect(imageNow()).toBe('registry.example/shop:1.2.0');
    expect(await headgate('undo', 'shop')).toEqual({ code: 0, stdout: "rollout 'shop' undo\n", stderr: '' });
    await world.until('shop', ({ status }) => status?.phase === 'Healthy');
    expect(imageNow()).toBe('registry.example/shop:1.1.0');
  });

  it('pauses, until it is promoted', async () => {
    expect((await headgate('pause', 'shop')).stdout).toBe("rollout 'shop' paused\n");
    await world.until('shop', ({ status }) => status?.phase === 'Paused');
    expect((await headgate('promote', 'shop')).stdout).toBe("rollout 'shop' promoted\n");
    await world.until('shop', ({ status }) => status?.phase === 'Healthy');
  });

  it('says what is wrong, and what would be right, with exit code 1 or 2', async () => {
    const missing = await headgate('get', 'rollout', 'nothing');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('rollout.argoproj.io "nothing" not found in namespace "default"');
    const unknown = await headgate('promot', 'shop');
    expect(unknown.code).toBeGreaterThan(0);
    expect(unknown.stderr).toContain('promote');
    const flag = await headgate('promote', 'shop', '--ful');
    expect(flag.code).toBeGreaterThan(0);
    expect(flag.stderr).toContain('--full');
    await writeFile(join(folder, 'broken'), 'clusters: nothing\n');
    const config = await headgate('list', 'rollouts', '--kubeconfig', join(folder, 'broken'));
    expect(config.code).toBe(1);
    expect(config.stderr).toContain('the kubeconfig names no cluster');
  });
});
