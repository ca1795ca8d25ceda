/** Commands that write one field of objects, of several if asked. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollout, type SandboxCluster, sandboxCluster, template } from '../../test/sandbox-cluster.ts';
import type { AnalysisRun, Experiment, Rollout } from '../api/index.ts';

let cluster: SandboxCluster;
beforeEach(async () => {
  cluster = await sandboxCluster();
  for (const name of ['web', 'shop']) {
    const metadata = { namespace: 'default', name };
    cluster.api.store.create('Rollout', { ...rollout('registry.example/web:1'), metadata });
    cluster.api.store.create<AnalysisRun>('AnalysisRun', { metadata, spec: { metrics: [] } });
    const templates = [{ name: 'a', selector: { matchLabels: { app: 'web' } }, template: template('web:1') }];
    const experiment = { metadata, spec: { templates }, status: { phase: 'Failed', message: 'Because.' } };
    cluster.api.store.create<Experiment>('Experiment', experiment as Experiment);
  }
});
afterEach(() => cluster.stop());

const rolloutNow = (name: string) => cluster.api.store.get<Rollout>('Rollout', 'default', name);

describe.each<[title: string, args: string[], patch: string, said: (name: string) => string]>([
  ['abort', ['abort'], 'merge rollouts/NAME/status {"status":{"abort":true}}', (name) => `rollout '${name}' aborted\n`],
  [
    'retry rollout',
    ['retry', 'rollout'],
    'merge rollouts/NAME/status {"status":{"abort":false}}',
    (name) => `rollout '${name}' retried\n`,
  ],
  ['pause', ['pause'], 'merge rollouts/NAME {"spec":{"paused":true}}', (name) => `rollout '${name}' paused\n`],
  [
    'terminate analysisrun',
    ['terminate', 'analysisrun'],
    'merge analysisruns/NAME {"spec":{"terminate":true}}',
    (name) => `analysisRun '${name}' terminated\n`,
  ],
  [
    'terminate experiment',
    ['terminate', 'exp'],
    'merge experiments/NAME {"spec":{"terminate":true}}',
    (name) => `experiment '${name}' terminated\n`,
  ],
  [
    'retry experiment',
    ['retry', 'experiment'],
    'merge experiments/NAME {"status":null}',
    (name) => `experiment '${name}' retried\n`,
  ],
])('%s', (title, args, patch, said) => {
  it('writes what the stock plugin writes, and says so, name by name', async () => {
    expect(await cluster.run([...args, 'web', 'shop'])).toEqual({
      code: 0,
      stdout: said('web') + said('shop'),
      stderr: '',
    });
    expect(cluster.patches).toEqual([patch.replace('NAME', 'web'), patch.replace('NAME', 'shop')]);
  });

  it('ends at the first that is not there', async () => {
    const { code, stdout, stderr } = await cluster.run([...args, 'web', 'card', 'shop']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: said('web') });
    expect(stderr).toMatch(/^Error: (rollouts|analysisruns|experiments)\.argoproj\.io "card" not found\n$/);
  });

  it('needs a name', async () => {
    const { code, stderr } = await cluster.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(`${title} needs the name of a`);
    expect(stderr).toContain(`Usage: headgate ${title} NAME... [flags]`);
  });
});

it('an Experiment that is retried has no status any more', async () => {
  await cluster.run(['retry', 'experiment', 'web']);
  expect(cluster.api.store.get<Experiment>('Experiment', 'default', 'web')?.status).toBeUndefined();
});

describe('restart', () => {
  const world = { now: () => Date.parse('2026-11-21T02:00:00.600Z') };

  it.each([
    [['restart', 'web'], '2026-11-21T02:00:00Z', '0s'],
    [['restart', 'web', '--in', '10s'], '2026-11-21T02:00:10Z', '10s'],
    [['restart', 'web', '-i', '1h30m'], '2026-11-21T03:30:00Z', '1h30m'],
  ])('%j says from when on pods are too old', async (args, restartAt, delay) => {
    expect(await cluster.run(args, world)).toEqual({
      code: 0,
      stdout: `rollout 'web' restarts in ${delay}\n`,
      stderr: '',
    });
    expect(cluster.patches).toEqual([`merge rollouts/web {"spec":{"restartAt":"${restartAt}"}}`]);
    expect(rolloutNow('web')?.spec.restartAt).toBe(restartAt);
  });

  it.each([
    [['restart'], 'restart needs the name of a Rollout'],
    [['restart', 'web', '--in', '10'], '--in "10" is not a time; write a number with its unit'],
    [['restart', 'web', '--in=-5s'], '--in "-5s" is not a time'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cluster.run(args, world);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe.each(['terminate', 'retry'])('%s', (verb) => {
  it('needs to know what', async () => {
    const { code, stderr } = await cluster.run([verb, 'web']);
    expect(code).toBe(2);
    expect(stderr).toContain(`"web" cannot be used with ${verb}; known is `);
    expect(stderr).toContain(`Usage: headgate ${verb} experiment NAME... [flags]`);
  });
});
