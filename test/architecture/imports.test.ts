import { describe, expect, it } from 'vitest';
import { breachesOf, roomOf, rooms } from './rules.ts';
import { importsOf, isNode, type Node, parse, type SourceFile, sourceFiles } from './source.ts';

/** Breaches that are there for a reason, by file and by the beginning of the message. */
const deviations: { file: string; message: string; reason: string }[] = [
  {
    file: 'sandbox/api/kinds.ts',
    message: 'imports api/index.ts',
    reason: 'the server publishes the CRDs, whose schemas are data of the api; it validates by its own code',
  },
];

const files = sourceFiles();
const breaches = files.flatMap(breachesOf);
const isDeviation = ({ file, message }: { file: string; message: string }) =>
  deviations.some((known) => known.file === file && message.startsWith(known.message));

describe('every file keeps the rules of docs/architecture.md', () => {
  const names = [...new Set(files.map(({ path }) => roomOf(path)))];

  it.each(names)('%s', (room) => {
    const here = breaches.filter((breach) => roomOf(breach.file) === room && !isDeviation(breach));
    expect(here.map(({ at, message }) => `${at}: ${message}`)).toEqual([]);
  });

  it('lists no deviation that is gone', () => {
    const gone = deviations.filter(
      ({ file, message }) => !breaches.some((breach) => breach.file === file && breach.message.startsWith(message)),
    );
    expect(gone).toEqual([]);
  });
});

describe('the rules see', () => {
  it.each([
    ['rollout/x.ts', "import { a } from '../kube/client.ts';", 'imports kube/client.ts'],
    ['rollout/x.ts', "import { a } from '../analysis/verdict.ts';", 'imports analysis/verdict.ts'],
    ['rollout/x.ts', "import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ['rollout/x.ts', 'export const f = async () => 1;', 'has async'],
    ['api/x.ts', "import { messageOf } from '../errors.ts';", 'imports errors.ts'],
    ['api/x.ts', "const a = import('../view/index.ts');", 'imports view/index.ts'],
    ['sandbox/x.ts', "import { isFields } from '../api/index.ts';", 'imports api/index.ts'],
    ['sandbox/x.ts', "export * from '../traffic/gateway-api.ts';", 'imports traffic/gateway-api.ts'],
    ['controllers/x.ts', "import { routers } from '../traffic/index.ts';", 'imports traffic/index.ts'],
    ['controllers/x.ts', "import { createHosts } from '../git/hosts/index.ts';", 'imports git/hosts/index.ts'],
    ['metrics/x.ts', "import type { A } from '../controllers/queue.ts';", 'imports controllers/queue.ts (types)'],
    ['main.ts', "import { world } from './sandbox/world.ts';", 'imports sandbox/world.ts'],
    ['kube/x.ts', "import { testServer } from './test-server.ts';", 'imports kube/test-server.ts, which is for tests'],
    ['attic/x.ts', "import 'node:fs';", 'is in no known room'],
    ['kube/x.ts', 'const at = Date.now();', 'asks for the time'],
    ['kube/x.ts', 'const at = new Date();', 'asks for the time'],
    ['kube/x.ts', 'const { env } = process;', 'asks for process.env'],
    ['kube/x.ts', "console.log('x');", 'asks for the standard streams'],
    ['view/x.ts', 'const a = Math.random();', 'has randomness'],
    ['kube/x.ts', 'export default 1;', 'default export'],
    ['kube/x.ts', 'enum A { b }', 'enum'],
    ['kube/x.ts', 'let a: any;', 'any'],
    ['kube/x.ts', 'class A { constructor(readonly b: string) {} }', 'parameter property'],
    ['kube/x.ts', '// biome-ignore lint: no', 'silences a check'],
  ])('in %s: %s', (path, text, message) => {
    const found = breachesOf(parse(path, text));
    expect(found.map((breach) => breach.message)).toEqual([expect.stringContaining(message)]);
    expect(found[0]?.at).toBe(`src/${path}:1`);
  });

  it.each([
    ['api/x.ts', "import type { Problem } from '../errors.ts';"],
    ['sandbox/x.ts', "import { type Rollout, type Pod } from '../api/index.ts';"],
    ['revert/x.ts', "import { createHash } from 'node:crypto';"],
    ['clock.ts', 'const at = Date.now();'],
    ['kube/x.ts', 'const at = new Date(0); const text = "new Date(), await, any";'],
    ['controllers/x.ts', "import type { Router } from '../traffic/router.ts';"],
  ])('nothing wrong in %s: %s', (path, text) => {
    expect(breachesOf(parse(path, text))).toEqual([]);
  });
});

/** A seam: the interface, the registry, and where the implementations are. */
const seams = [
  { type: 'Router', folder: 'traffic', registry: 'traffic/index.ts' },
  { type: 'MetricProvider', folder: 'metrics', registry: 'metrics/index.ts' },
  { type: 'GitHost', folder: 'git/hosts', registry: 'git/hosts/index.ts' },
];

/** The name of the type that a declaration says it has or returns. */
function declared(node: Node): unknown {
  const annotation = node.returnType ?? (isNode(node.id) ? node.id.typeAnnotation : undefined);
  const type = isNode(annotation) ? annotation.typeAnnotation : undefined;
  const name = isNode(type) ? type.typeName : undefined;
  return isNode(name) ? name.name : undefined;
}

function exportedTypes({ tree }: SourceFile): unknown[] {
  return (tree.body as Node[]).flatMap(({ type, declaration }) => {
    if (type !== 'ExportNamedDeclaration' || !isNode(declaration)) return [];
    const all = Array.isArray(declaration.declarations) ? (declaration.declarations as Node[]) : [declaration];
    return all.map(declared);
  });
}

it.each(seams)('the registry of $type holds every implementation in $folder', ({ type, folder, registry }) => {
  const implementations = files.filter(
    (file) => file.path.startsWith(`${folder}/`) && exportedTypes(file).includes(type),
  );
  const index = files.find(({ path }) => path === registry);
  const registered = index ? importsOf(index).map(({ from }) => from.replace('./', `${folder}/`)) : [];
  expect(implementations.length).toBeGreaterThan(0);
  expect(implementations.map(({ path }) => path).filter((path) => !registered.includes(path))).toEqual([]);
});

it('every room has rules, and every rule a reason to be', () => {
  const planned = ['notify'];
  const there = new Set(files.map(({ path }) => roomOf(path)));
  expect(Object.keys(rooms).filter((room) => !there.has(room))).toEqual(planned);
});
