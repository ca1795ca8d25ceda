import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Content, startTrees, type Trees } from '../../../test/git/tree.ts';
import { helmGraph } from './helm-graph.ts';
import { openTree } from './tree.ts';

let trees: Trees;
beforeAll(async () => {
  trees = await startTrees();
});
afterAll(() => trees.close());

async function graphOf(files: Record<string, Content>, valueFiles: string[] = [], folder = 'charts/web') {
  const tree = await trees.commit(files);
  const own = await trees.clone.files(tree, folder);
  return helmGraph(trees.clone, openTree(trees.clone, { tree, folder, files: own }), folder, valueFiles);
}
const chart = (more = '') => ({
  'charts/web/Chart.yaml': `apiVersion: v2\nname: web\nversion: 1.0.0\n${more}`,
  'charts/web/templates/a.yaml': 'kind: ConfigMap\n',
});

it('is the whole chart, because a template may read any file of it, and the value files', async () => {
  const files = { ...chart(), 'charts/web/files/a.txt': 'a', 'charts/web/prod.yaml': 'a: 1', 'env/prod.yaml': 'b: 1' };
  const graph = await graphOf({ ...files, 'env/dev.yaml': 'c: 1' }, ['prod.yaml', '../../env/prod.yaml']);
  expect(graph.problems).toEqual([]);
  expect([...graph.files.keys()].sort()).toEqual(Object.keys(files).sort());
  expect(graph.valueFiles).toEqual(['charts/web/prod.yaml', 'env/prod.yaml']);
  expect([...graph.inputs].sort()).toEqual(['charts/web/', 'charts/web/prod.yaml', 'env/prod.yaml']);
});

it('holds the charts that it depends on, packed or not', async () => {
  const needs = 'dependencies: [{name: redis}, {name: common}, {name: queue}]\n';
  const there = {
    'charts/web/charts/redis-1.2.3.tgz': 'packed',
    'charts/web/charts/lib/Chart.yaml': 'name: common\n',
    'charts/web/charts/queue/README.md': 'queue',
  };
  expect((await graphOf({ ...chart(needs), ...there })).problems).toEqual([
    {
      path: 'charts/web/Chart.yaml',
      message:
        'depends on "queue", which is not in charts/web/charts, and nothing is fetched. Run helm dependency update, and commit that folder',
    },
  ]);
  const former = { 'charts/web/requirements.yaml': 'dependencies: [{name: redis}]\n' };
  expect((await graphOf({ ...chart(), ...former })).problems).toHaveLength(1);
});

it.each([
  ['https://x/values.yaml', 'is remote'],
  ['secrets://values.yaml', 'is remote'],
  ['../../../values.yaml', 'leads out of the repository'],
  ['/etc/passwd', 'leads out of the repository'],
  ['none.yaml', 'names charts/web/none.yaml, which is not there'],
  ['templates', 'names a folder'],
  ['a,b.yaml', 'holds a comma'],
])('the value file %s is refused', async (text, words) => {
  const { problems } = await graphOf(chart(), [text]);
  expect(problems).toEqual([
    { path: 'charts/web', message: expect.stringContaining(`value file ${JSON.stringify(text)} ${words}`) },
  ]);
});

it('has no symbolic links', async () => {
  const { problems } = await graphOf({ ...chart(), 'charts/web/x': { content: '/etc/passwd', mode: '120000' } });
  expect(problems).toEqual([{ path: 'charts/web/x', message: expect.stringContaining('symbolic link') }]);
});

it('says what is wrong with Chart.yaml', async () => {
  const { problems } = await graphOf({ 'charts/web/Chart.yaml': 'name: [\n' });
  expect(problems).toEqual([expect.objectContaining({ path: 'charts/web/Chart.yaml' })]);
});
