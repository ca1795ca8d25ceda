import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Content, startTrees, type Trees } from '../../test/git/tree.ts';
import type { Clone } from './clone.ts';
import { type Root, rootsOf } from './roots.ts';

let trees: Trees;
beforeAll(async () => {
  trees = await startTrees();
});
afterAll(() => trees.close());

const names = (...resources: string[]) => `resources: [${resources.join(', ')}]\n`;
const component = 'kind: Component\npatches: [{path: p.yaml}]\n';

async function ask(files: Record<string, Content>, changed: string[], known: Omit<Root, 'namespace'>[] = []) {
  const calls: string[] = [];
  const counted: Clone = {
    ...trees.clone,
    files(tree, path) {
      calls.push([path].flat().includes('') ? 'everything' : 'some');
      return trees.clone.files(tree, path);
    },
  };
  const tree = await trees.commit(files);
  const roots = known.map((root) => ({ namespace: 'shop', ...root }));
  const found = await rootsOf(counted, { trees: [tree], files: changed, known: roots, namespace: 'shop' });
  const paths = found.kind === 'roots' ? found.roots.map(({ path }) => path).sort() : found.message;
  return { paths, calls };
}

const monorepo = {
  'base/web/kustomization.yaml': names('rollout.yaml'),
  'base/web/rollout.yaml': 'x: 1\n',
  'base/web/notes.yaml': 'x: 1\n',
  'apps/web/prod/kustomization.yaml': names('../../../base/web'),
  'apps/web/staging/kustomization.yaml': `${names('../../../base/web')}components: [../../../tls]\n`,
  'apps/api/kustomization.yaml': 'resources:\n- ../../base/api\n',
  'base/api/kustomization.yaml': names('x.yaml'),
  'base/api/x.yaml': 'x: 1\n',
  'tls/kustomization.yaml': component,
  'tls/p.yaml': 'x: 1\n',
  'plain/x.yaml': 'x: 1\n',
};

describe('what is made of a file', () => {
  it.each<[string, string[], string[]]>([
    ['every overlay of a base, and not the base', ['base/web/rollout.yaml'], ['apps/web/prod', 'apps/web/staging']],
    ['nothing of a file that nobody names', ['base/web/notes.yaml'], []],
    ['the one overlay of its own file', ['apps/web/prod/kustomization.yaml'], ['apps/web/prod']],
    ['what uses a component, and not the component', ['tls/p.yaml'], ['apps/web/staging']],
    ['all of several files', ['tls/p.yaml', 'base/api/x.yaml'], ['apps/api', 'apps/web/staging']],
    ['nothing of a file beside them', ['plain/x.yaml'], []],
  ])('%s', async (_, changed, expected) => {
    expect((await ask(monorepo, changed)).paths).toEqual(expected);
  });

  it('a base that something is known to apply, too', async () => {
    const found = await ask(monorepo, ['base/api/x.yaml'], [{ path: 'base/api' }, { path: 'plain' }]);
    expect(found.paths).toEqual(['apps/api', 'base/api']);
  });

  it('the one that gathers all, and no part of it', async () => {
    const files = { ...monorepo, 'apps/kustomization.yaml': names('api', 'web/prod') };
    expect((await ask(files, ['apps/api/kustomization.yaml'])).paths).toEqual(['apps']);
    expect((await ask(files, ['base/web/rollout.yaml'])).paths).toEqual(['apps', 'apps/web/staging']);
  });

  it('what cannot be read counts for every file below it', async () => {
    const files = {
      'a/kustomization.yaml': 'resources: [',
      'a/b/x.yaml': '',
      'c/kustomization.yaml': names('"../\\x61"'),
    };
    expect((await ask(files, ['a/b/x.yaml'])).paths).toEqual(['c']);
    const plugin = { 'a/kustomization.yaml': 'generators: [g.yaml]\n', 'a/g.yaml': 'x: 1\n', 'a/b/x.yaml': '' };
    expect((await ask(plugin, ['a/b/x.yaml'])).paths).toEqual(['a']);
  });

  it('a file of its own costs no look at the whole repository', async () => {
    const { paths, calls } = await ask(monorepo, ['plain/x.yaml'], [{ path: 'plain' }]);
    expect(paths).toEqual(['plain']);
    expect(calls).not.toContain('everything');
  });
});

describe('charts', () => {
  const files = {
    'charts/web/Chart.yaml': 'name: web\n',
    'charts/web/templates/x.yaml': '',
    'charts/web/charts/sub/Chart.yaml': 'name: sub\n',
    'charts/web/charts/sub/x.yaml': '',
    'env/prod.yaml': 'x: 1\n',
  };
  const helm = { releaseName: 'web', valueFiles: ['../../env/prod.yaml'] };

  it.each(['charts/web/templates/x.yaml', 'charts/web/charts/sub/x.yaml', 'env/prod.yaml'])(
    'made of %s',
    async (file) => {
      expect((await ask(files, [file], [{ path: 'charts/web', helm }])).paths).toEqual(['charts/web']);
    },
  );

  it('of which nothing says how they are rendered cannot be told', async () => {
    expect((await ask(files, ['charts/web/templates/x.yaml'])).paths).toBe(
      'the chart in charts/web would change, and nothing says by which values it is rendered',
    );
    expect((await ask(files, ['env/prod.yaml'])).paths).toEqual([]);
  });
});

it('more apps than are compared cannot be told', async () => {
  const overlays = Array.from(
    { length: 31 },
    (_, at) => [`apps/a${at}/kustomization.yaml`, names('../../base')] as const,
  );
  const files = {
    'base/kustomization.yaml': names('x.yaml'),
    'base/x.yaml': 'x: 1\n',
    ...Object.fromEntries(overlays),
  };
  expect((await ask(files, ['base/x.yaml'])).paths).toBe(
    '31 apps are made of the same files, and at most 30 are compared',
  );
});
