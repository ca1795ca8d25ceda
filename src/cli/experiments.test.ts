import { afterEach, describe, expect, it } from 'vitest';
import { runToEnd, start } from '../../test/command-line.ts';
import { experimentPicture } from '../../test/experiment-picture.ts';
import { lookedAt } from '../../test/rollout-pictures.ts';
import { type TinyApiServer, tinyApiServer } from '../../test/tiny-api-server.ts';
import { experimentTree } from '../view/index.ts';

let server: TinyApiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const here = ({ kubeconfig }: TinyApiServer) => ['--kubeconfig', kubeconfig];

describe('get experiment', () => {
  const world = { now: () => lookedAt };
  const picture = experimentPicture();
  const served = async () => {
    server = await tinyApiServer();
    server.put('experiments', picture.experiment);
    for (const object of picture.replicaSets) server.put('replicasets', object);
    for (const object of picture.pods) server.put('pods', object);
    for (const object of picture.analysisRuns) server.put('analysisruns', object);
    return server;
  };

  it('shows the Experiment with all that belongs to it', async () => {
    const result = await runToEnd(['get', 'experiment', 'compare', ...here(await served())], world);
    expect(result).toEqual({
      code: 0,
      stdout: experimentTree(picture, { now: lookedAt, colour: false }),
      stderr: '',
    });
  });

  it('says that there is no such Experiment', async () => {
    const result = await runToEnd(['get', 'exp', 'compete', ...here(await served())], world);
    const stderr = 'Error: experiment.argoproj.io "compete" not found in namespace "shop"\n';
    expect(result).toEqual({ code: 1, stdout: '', stderr });
  });

  it('follows the changes, until it is deleted', async () => {
    const api = await served();
    const running = start(['get', 'experiment', 'compare', '-w', ...here(api)], world);
    await running.printed('Running');
    api.put('experiments', { ...picture.experiment, status: { phase: 'Failed' } } as typeof picture.experiment);
    await running.printed('Failed');
    api.remove('experiments', 'compare');
    expect(await running.ended).toBe(1);
    expect(running.stderr).toBe('Error: experiment.argoproj.io "compare" was deleted\n');
  });
});

describe('list experiments', () => {
  it('lists them, and prints a line again only when more than its age has changed', async () => {
    const { experiment } = experimentPicture();
    server = await tinyApiServer();
    server.put('experiments', experiment);
    let now = lookedAt;
    const world = { now: () => now++ };
    const running = start(['list', 'exp', '-w', ...here(server)], world);
    await running.printed('compare');
    now += 600_000;
    server.put('experiments', { ...experiment });
    server.put('experiments', { ...experiment, status: { phase: 'Successful' } } as typeof experiment);
    await running.printed('Successful');
    running.interrupt();
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(
      /^NAME +STATUS +DURATION +REMAINING +AGE\ncompare +Running +60m +50m +10m\ncompare +Successful +60m +- +20m\n$/,
    );
  });
});
