import { afterEach, describe, expect, it } from 'vitest';
import { runToEnd, start } from '../../test/command-line.ts';
import { expectGolden } from '../../test/golden.ts';
import {
  aborted,
  healthy,
  initial,
  invalid,
  lookedAt,
  paused,
  putPicture,
  type RolloutPicture,
} from '../../test/rollout-pictures.ts';
import { type TinyApiServer, tinyApiServer } from '../../test/tiny-api-server.ts';
import { factsOf, NOTHING_SEEN } from '../rollout/index.ts';
import { explainPicture } from './explanation.ts';
import type { World } from './world.ts';

let server: TinyApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(picture: RolloutPicture): Promise<string[]> {
  server = await tinyApiServer();
  const { rollout } = picture;
  const currentStepHash = factsOf({ ...NOTHING_SEEN, now: lookedAt, rollout }).stepHash;
  putPicture(server, { ...picture, rollout: { ...rollout, status: { currentStepHash, ...rollout.status } } });
  return ['cart', '--kubeconfig', server.kubeconfig];
}

const world: Partial<World> = {
  program: 'kubectl headgate',
  now: () => lookedAt,
  explainer: async () => explainPicture,
};

/** The first revision, whose pods are yet to come. */
function first(): RolloutPicture {
  const picture = initial();
  const [container] = picture.rollout.spec.template?.spec?.containers ?? [];
  if (container) container.image = 'registry.example/shop/cart:2.1.0';
  return picture;
}

/** A user asked for an abort, and no controller has seen it. */
function asked(): RolloutPicture {
  const picture = paused();
  picture.rollout.status = { ...picture.rollout.status, abort: true };
  return picture;
}

/** The pods of the stable revision are gone, and a former one is there. */
function unavailable(): RolloutPicture {
  const picture = healthy();
  const lost = new Date(lookedAt - 240_000).toISOString();
  for (const replicaSet of picture.replicaSets) replicaSet.status = { replicas: 5, availableReplicas: 2 };
  const healthyCondition = { type: 'Healthy', status: 'False', reason: 'RolloutHealthy', message: '' };
  picture.rollout.status = {
    ...picture.rollout.status,
    conditions: [{ ...healthyCondition, lastTransitionTime: lost, lastUpdateTime: lost }],
  };
  return picture;
}

/** Held by hand in the middle of a pause, with a restart that is due. */
function held(): RolloutPicture {
  const picture = paused();
  picture.rollout.spec.paused = true;
  picture.rollout.spec.restartAt = new Date(lookedAt - 30_000).toISOString();
  return picture;
}

function deleted(): RolloutPicture {
  const picture = paused();
  picture.rollout.metadata.deletionTimestamp = new Date(lookedAt - 5000).toISOString();
  picture.rollout.metadata.finalizers = ['foregroundDeletion'];
  return picture;
}

describe('explain', () => {
  it.each([
    ['healthy', healthy()],
    ['paused', paused()],
    ['aborted', aborted()],
    ['invalid', invalid()],
    ['initial', first()],
    ['asked', asked()],
    ['unavailable', unavailable()],
    ['held', held()],
    ['deleted', deleted()],
  ])('says why a Rollout is where it is, and what can be done: %s', async (name, picture) => {
    const { code, stdout, stderr } = await runToEnd(['explain', ...(await serving(picture))], world);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectGolden(import.meta.url, `explain-${name}`, stdout);
  });

  it('says the same at the top of get rollout', async () => {
    const args = await serving(paused());
    const { stdout } = await runToEnd(['explain', ...args], world);
    expect((await runToEnd(['get', 'rollout', ...args], world)).stdout.slice(0, stdout.length)).toBe(stdout);
  });

  it('says that there is no such Rollout', async () => {
    const [, ...flags] = await serving(healthy());
    const result = await runToEnd(['explain', 'card', ...flags], world);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('"card" not found') });
  });

  it.each(['get rollout', 'explain'])('goes on with the time: %s --watch', async (command) => {
    let now = lookedAt;
    const args = [...command.split(' '), ...(await serving(paused())), '--watch'];
    const running = start(args, { ...world, terminal: true, now: () => now });
    await running.printed('(95s ago)');
    now += 60_000;
    await running.printed('(2m35s ago)');
    expect(running.stdout).toContain('(in 2m25s)');
    running.interrupt();
    expect(await running.ended).toBe(0);
  });
});
