import { afterEach, describe, expect, it } from 'vitest';
import { runToEnd, start } from '../../test/command-line.ts';
import {
  aborted,
  because,
  healthy,
  invalid,
  lookedAt,
  paused,
  putPicture,
  type RolloutPicture,
} from '../../test/rollout-pictures.ts';
import { rollout, sandboxCluster } from '../../test/sandbox-cluster.ts';
import { type TinyApiServer, tinyApiServer } from '../../test/tiny-api-server.ts';
import type { Rollout } from '../api/index.ts';
import { rolloutTree } from '../view/index.ts';

let server: TinyApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(picture: RolloutPicture, options: Parameters<typeof tinyApiServer>[0] = {}) {
  server = await tinyApiServer(options);
  putPicture(server, picture);
  return server;
}

const here = ({ kubeconfig }: TinyApiServer) => ['--kubeconfig', kubeconfig];

describe('get rollout', () => {
  const world = { now: () => lookedAt, explainer: async () => () => because('Because.') };

  it('shows the Rollout with all that belongs to it', async () => {
    const picture = aborted();
    const result = await runToEnd(['get', 'rollout', 'cart', ...here(await serving(picture))], world);
    expect(result).toEqual({
      code: 0,
      stdout: rolloutTree(
        { ...picture, why: because('Because.'), program: 'headgate' },
        { now: lookedAt, colour: false },
      ),
      stderr: '',
    });
  });

  it('takes cluster flags before the command, colours, and a width', async () => {
    const args = [...here(await serving(aborted())), '-n', 'shop', 'get', 'ro', 'cart'];
    expect((await runToEnd(args, { ...world, colour: true })).stdout).toContain('\u001b[');
    const narrow = await runToEnd([...args, '--no-color', '--width=60'], { ...world, colour: true });
    expect(narrow.stdout).not.toContain('\u001b[');
    for (const line of narrow.stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
  });

  it('works where there are the stock kinds only', async () => {
    const { code, stdout } = await runToEnd(
      ['get', 'rollout', 'cart', ...here(await serving(aborted(), { absent: ['gitreverts'] }))],
      world,
    );
    expect(code).toBe(0);
    expect(stdout).not.toContain('GitRevert');
  });

  it('says that there is no such Rollout', async () => {
    const result = await runToEnd(['get', 'rollout', 'card', ...here(await serving(healthy()))], world);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('"card" not found') });
  });

  it('follows the changes, until interrupted', async () => {
    const api = await serving(paused());
    const running = start(['get', 'rollout', 'cart', '-w', ...here(api)], world);
    await running.printed('CanaryPauseStep');
    api.put('rollouts', aborted().rollout);
    await running.printed('RolloutAborted');
    running.interrupt();
    expect(await running.ended).toBe(0);
  });

  it('ends when the Rollout is deleted', async () => {
    const api = await serving(paused());
    const running = start(['get', 'rollout', 'cart', '-w', ...here(api)], world);
    await running.printed('CanaryPauseStep');
    api.remove('rollouts', 'cart');
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain('was deleted');
  });
});

describe('list rollouts', () => {
  it('lists them', async () => {
    const { code, stdout } = await runToEnd(['list', 'rollouts', '-A', ...here(await serving(paused()))]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAMESPACE .*\nshop +cart +Canary +Paused +1\/4 +20 .*\n$/);
  });

  it('lists the one of a name, with the time', async () => {
    const cluster = await sandboxCluster();
    try {
      for (const name of ['web', 'shop']) {
        cluster.api.store.create('Rollout', { ...rollout('web:1'), metadata: { namespace: 'default', name } });
      }
      const { stdout } = await cluster.run(['list', 'ro', '--name', 'web', '--timestamps'], { now: () => lookedAt });
      expect(stdout).toMatch(/^TIMESTAMP +NAME .*\n2026-11-21T02:00:00Z +web .*\n$/);
      expect((await cluster.run(['list', 'ro', '--name', 'card'])).stderr).toBe('No resources found.\n');
    } finally {
      await cluster.stop();
    }
  });

  it('says that there are none', async () => {
    server = await tinyApiServer();
    expect(await runToEnd(['list', 'ro', ...here(server)])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'No resources found.\n',
    });
  });

  it('prints a line again only when something in it has changed', async () => {
    const api = await serving(paused());
    const running = start(['list', 'rollouts', '--watch', ...here(api)]);
    await running.printed('Paused');
    api.put('rollouts', paused().rollout);
    api.put('rollouts', healthy().rollout);
    await running.printed('Healthy');
    running.interrupt();
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/Paused/g)).toHaveLength(1);
  });
});

describe('status', () => {
  it.each([
    ['Healthy', healthy(), 0, 'Healthy\n', ''],
    ['Degraded', invalid(), 1, 'Degraded\n', 'Error: The rollout is in a degraded state with message: InvalidSpec: '],
    ['Paused', paused(), 0, 'Paused - CanaryPauseStep\n', ''],
  ])('says once that it is %s', async (_, picture, code, stdout, stderr) => {
    const result = await runToEnd(['status', 'cart', '--watch=false', ...here(await serving(picture))]);
    expect(result).toMatchObject({ code, stdout });
    expect(result.stderr).toContain(stderr);
  });

  it('waits for the verdict, printing each message once', async () => {
    const api = await serving(paused());
    const running = start(['status', 'cart', ...here(api)]);
    await running.printed('Paused - CanaryPauseStep\n');
    api.put('rollouts', paused().rollout);
    api.put('rollouts', aborted().rollout);
    expect(await running.ended).toBe(1);
    expect(running.stdout).toMatch(/^Paused - CanaryPauseStep\nDegraded - RolloutAborted: .*\n$/);
  });

  it('gives up after a time', async () => {
    const args = ['status', 'cart', '--timeout=300ms', ...here(await serving(paused()))];
    const result = await runToEnd(args);
    expect(result).toMatchObject({ code: 1, stderr: 'Error: Rollout status watch exceeded timeout\n' });
  });
});

describe('commands that write', () => {
  const inconclusive = () => {
    const picture = paused();
    picture.rollout.status = {
      ...picture.rollout.status,
      canary: { currentStepAnalysisRunStatus: { name: 'run', status: 'Inconclusive' } },
    };
    return picture;
  };
  const running = (changes: Partial<Rollout['spec']> = {}) => {
    const picture = paused();
    delete picture.rollout.status?.pauseConditions;
    picture.rollout.spec = { ...picture.rollout.spec, ...changes };
    return picture;
  };
  const status = (body: string) => `PATCH rollouts/cart/status {"status":${body}}`;

  it.each<[string, string[], RolloutPicture, string[], string]>([
    ['abort', ['abort', 'cart'], paused(), [status('{"abort":true}')], 'aborted'],
    ['retry', ['retry', 'rollout', 'cart'], aborted(), [status('{"abort":false}')], 'retried'],
    ['promote: a pause', ['promote', 'cart'], paused(), [status('{"pauseConditions":null}')], 'promoted'],
    [
      'promote: a step under way',
      ['promote', 'cart'],
      running(),
      [status('{"pauseConditions":null,"currentStepIndex":2}')],
      'promoted',
    ],
    [
      'promote: an inconclusive analysis',
      ['promote', 'cart'],
      inconclusive(),
      [status('{"pauseConditions":null,"controllerPause":false,"currentStepIndex":2}')],
      'promoted',
    ],
    [
      'promote: a paused spec',
      ['promote', 'cart'],
      running({ paused: true }),
      [status('{"pauseConditions":null,"currentStepIndex":2}'), 'PATCH rollouts/cart {"spec":{"paused":false}}'],
      'promoted',
    ],
    ['promote: no steps', ['promote', 'cart'], running({ strategy: { canary: {} } }), [], 'promoted'],
    [
      'promote: past the last step',
      ['promote', 'cart'],
      healthy(),
      [status('{"pauseConditions":null,"currentStepIndex":4}')],
      'promoted',
    ],
    ['promote --full', ['promote', '--full', 'cart'], paused(), [status('{"promoteFull":true}')], 'fully promoted'],
    ['promote --full when stable', ['promote', 'cart', '-f'], healthy(), [], 'fully promoted'],
    [
      'promote --skip-current-step',
      ['promote', 'cart', '--skip-current-step'],
      paused(),
      [status('{"currentStepIndex":2}')],
      'promoted',
    ],
    ['promote --skip-all-steps', ['promote', 'cart', '-a'], paused(), [status('{"currentStepIndex":4}')], 'promoted'],
  ])('%s', async (_, args, picture, writes, said) => {
    const api = await serving(picture);
    expect(await runToEnd([...args, ...here(api)])).toEqual({
      code: 0,
      stdout: `rollout 'cart' ${said}\n`,
      stderr: '',
    });
    expect(api.writes).toEqual(writes);
  });

  it('write to the object itself where there is no status subresource', async () => {
    const api = await serving(running({ paused: true }), { statusSubresource: false });
    expect((await runToEnd(['promote', 'cart', ...here(api)])).code).toBe(0);
    const unified = '{"spec":{"paused":false},"status":{"pauseConditions":null,"currentStepIndex":2}}';
    expect(api.writes.at(-1)).toBe(`PATCH rollouts/cart ${unified}`);
  });

  it('skip no steps of a Rollout that has none', async () => {
    const api = await serving(running({ strategy: { canary: {} } }));
    const result = await runToEnd(['promote', 'cart', '-c', ...here(api)]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot skip steps') });
    expect(api.writes).toEqual([]);
  });
});

it('says that a cluster cannot be reached', async () => {
  const api = await serving(healthy());
  const args = ['list', 'rollouts', ...here(api)];
  const connect = async (options: Parameters<typeof import('./cluster.ts').connect>[0]) => {
    const cluster = await (await import('./cluster.ts')).connect(options);
    await api.close();
    server = undefined;
    return cluster;
  };
  expect(await runToEnd(args, { connect })).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') });
});
