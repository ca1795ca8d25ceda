import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type KubeObject, notDriven, type Rollout } from '../../src/api/index.ts';
import { rollouts } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import { isHealthy } from './fixtures.ts';

/** Manifests as teams publish them, beside the project. */
const data = join(import.meta.dirname, '../../../shared/data/manifests');
const SERVED = ['Rollout', 'Service', 'AnalysisTemplate', 'ConfigMap', 'Secret'];
const TEMPLATES = 'analysis-templates.yaml';

interface Published {
  file: string;
  rollout: Rollout;
  yaml: string;
}

function documentsOf(file: string): KubeObject[] {
  const text = readFileSync(join(data, file), 'utf8');
  // Templates of other tools are not YAML.
  if (/^\s*\{\{|: \{\{/m.test(text)) return [];
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null);
  return objects.filter((object): object is KubeObject => object?.kind !== undefined);
}

/** The Rollouts of which nothing is missing in this version; analyses come with the file that others refer to. */
function published(): Published[] {
  const files = existsSync(data) ? globSync('**/*.{yaml,yml}', { cwd: data }).sort() : [];
  return files.flatMap((file) => {
    const objects = documentsOf(file).filter(({ kind = '' }) => SERVED.includes(kind));
    const rollout = objects.find(({ kind }) => kind === 'Rollout');
    if (!rollout || objects.some((object) => notDriven(object).length > 0)) return [];
    const own = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    const shared = documentsOf(TEMPLATES).filter(({ kind, metadata }) => !own.has(`${kind}/${metadata.name}`));
    const local = [...objects, ...shared].map((object) => {
      const { namespace: _, ...metadata } = object.metadata;
      return JSON.stringify({ ...object, metadata });
    });
    return [{ file, rollout: rollout as Rollout, yaml: local.join('\n---\n') }];
  });
}

/** Everybody does their part: people promote whatever waits for them. */
async function bringHome(world: TestWorld, name: string): Promise<Rollout> {
  for (let promotes = 0; promotes < 12; promotes++) {
    const isAtRest = (rollout: Rollout) => isHealthy(rollout) || (rollout.status?.pauseConditions ?? []).length > 0;
    const rollout = await world.until(name, (one) => isAtRest(one) || one.status?.phase === 'Degraded', 600);
    if (!(rollout.status?.pauseConditions ?? []).length) return rollout;
    await world.patchStatus(name, { pauseConditions: null });
  }
  throw new Error(`${name} asks for ever more promotes`);
}

const all = published();

describe.each(worlds)('in the $name', ({ it }) => {
  it.skipIf(all.length === 0)('there are published manifests to play', () => {
    expect(all.length).toBeGreaterThanOrEqual(4);
  });

  for (const { file, rollout, yaml } of all) {
    it(`installs and updates ${file}`, async ({ world }) => {
      const { name } = rollout.metadata;
      await world.create(yaml);
      const installed = await bringHome(world, name);
      // Its analyses may ask in ways that this version does not know: then it says so.
      if (installed.status?.phase === 'Degraded') {
        expect(installed.status.message).toMatch(
          /^InvalidSpec: .*(not supported by this version|runs indefinitely|not found)/,
        );
        return;
      }
      const [container] = installed.spec.template?.spec?.containers ?? [];
      const containers = [{ ...container, image: 'registry.example/published:next' }];
      await world.patch(rollouts, name, { spec: { template: { spec: { containers } } } });
      const { status, spec } = await bringHome(world, name);
      expect(status).toMatchObject({
        phase: 'Healthy',
        updatedReplicas: spec.replicas,
        availableReplicas: spec.replicas,
      });
    });
  }
});
