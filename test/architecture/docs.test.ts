/** What the documents say of the code is compared with it, where that can be done by name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { undriven } from '../../src/api/driven.ts';
import { type KubeObject, validate } from '../../src/api/index.ts';
import { routers } from '../../src/api/traffic-routing.ts';
import { verbs } from '../../src/cli/run.ts';
import { CONTROLLER_HELP } from '../../src/config.ts';
import { createMetrics } from '../../src/controllers/metrics.ts';
import { root } from './source.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((page) => `docs/${page}`)].filter((page) =>
  page.endsWith('.md'),
);

/** What can be linked to in a page: its headings, as hosts make anchors of them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  return new Set(headings.map((heading) => heading.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')));
}

/** The names that a text does not hold. */
function missing(names: Iterable<string>, text: string): string[] {
  return [...names].filter((name) => !text.includes(name));
}

describe.each(pages)('%s', (page) => {
  it('links to what is there', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('links to headings that are there', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(([, target = '', anchor = '']) => {
      return { page: target === '' ? page : join(dirname(page), target), anchor };
    });
    const lost = links.filter(({ page: target, anchor }) => target.endsWith('.md') && !anchorsOf(target).has(anchor));
    expect(lost).toEqual([]);
  });

  it('shows objects that are valid', () => {
    const blocks = [...read(page).matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map(([, indent = '', text = '']) =>
      text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    );
    const objects = blocks.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
    const own = objects.filter(({ apiVersion }) => /^(argoproj\.io|headgate\.dev)\//.test(apiVersion ?? ''));
    expect(own.flatMap((object) => validate(object))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  it('names every flag of the controller, and none that is gone', () => {
    const flags = (text: string) => new Set(text.match(/--[a-z][a-z-]+/g));
    const known = flags(CONTROLLER_HELP);
    // kubectl has flags of its own.
    const page = read('docs/operations.md').replaceAll(/^kubectl .*$/gm, '');
    expect(missing(known, page)).toEqual([]);
    expect([...flags(page)].filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('names every metric', async () => {
    const text = await createMetrics('0').text();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    const own = names.filter((name) => !/^(process|nodejs)_/.test(name)).map((name) => `\`${name}\``);
    expect(own.length).toBeGreaterThan(10);
    expect(missing(own, read('docs/operations.md'))).toEqual([]);
  });
});

it('docs/cli.md and the README name every command', () => {
  const names = verbs.map(({ name }) => name);
  expect(missing(names, read('docs/cli.md'))).toEqual([]);
  expect(
    missing(
      names.filter((name) => name !== 'version'),
      read('README.md'),
    ),
  ).toEqual([]);
});

it('docs/dependencies.md names every dependency', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(
    missing(
      names.map((name) => `\`${name}\``),
      read('docs/dependencies.md'),
    ),
  ).toEqual([]);
});

it('the README names what this version does not drive', () => {
  const fields = (undriven.Rollout ?? [])
    .map(({ field }) => field.split('.').at(-1) ?? '')
    .filter((field) => !(field in routers));
  expect(fields.length).toBeGreaterThan(0);
  const named = read('README.md').replace('blue-green', 'blueGreen').replace('ping-pong', 'pingPong');
  expect(missing(fields, named)).toEqual([]);
});
