/** The rules of docs/architecture.md, section 4, as data, and what breaks them. */
import { posix } from 'node:path';
import {
  type Import,
  importsOf,
  isNode,
  isTest,
  lineOf,
  memberOf,
  type Node,
  nodesOf,
  type SourceFile,
} from './source.ts';

export interface Breach {
  /** Below src/, with the line. */
  at: string;
  file: string;
  /** What is wrong, and what is allowed. */
  message: string;
}

interface Room {
  /** Patterns of files below src/ that may be imported besides the room's own; `type ` before one: its types only. */
  may: string[];
  /** No await, no I/O, no clock. */
  pure?: true;
}

const pureRooms = ['rollout', 'analysis', 'revert', 'traffic', 'view'];
const shared = ['errors.ts', 'log.ts', 'clock.ts', 'turns.ts'];
const pure: Room = {
  may: ['api/**', 'errors.ts', 'rollout/index.ts', 'analysis/index.ts', 'revert/index.ts', 'view/index.ts'],
  pure: true,
};

export const rooms: Record<string, Room> = {
  api: { may: ['type errors.ts'], pure: true },
  ...Object.fromEntries(pureRooms.map((room) => [room, pure])),
  metrics: { may: ['api/**', ...shared, 'net/**'] },
  git: { may: ['api/**', ...shared, 'net/**', 'programs/**'] },
  programs: { may: ['errors.ts'] },
  kube: { may: ['api/**', ...shared] },
  notify: { may: ['api/**', ...shared] },
  net: { may: ['api/**', ...shared] },
  controllers: {
    may: [
      ...['api/**', 'kube/**', ...shared],
      ...['rollout/index.ts', 'analysis/index.ts', 'revert/index.ts', 'view/index.ts'],
      // The interfaces of the seams; what git does below its hosts is no seam.
      ...[
        'traffic/router.ts',
        'traffic/configured.ts',
        'traffic/managed-rules.ts',
        'traffic/held-routes.ts',
        'metrics/provider.ts',
        'git/hosts/host.ts',
        'git/*',
        'git/provenance/index.ts',
        'notify/notifier.ts',
      ],
    ],
  },
  // Its clock, log and error texts are the house's, and so is the client by which its kubelet speaks to any API server;
  // everything that judges a release is not.
  sandbox: { may: ['type api/**', 'kube/**', 'programs/**', ...shared] },
  cli: { may: ['**'] },
  'main.ts': { may: ['!cli', '!sandbox', '**'] },
  'config.ts': { may: ['clock.ts'] },
  'clock.ts': { may: [] },
  'errors.ts': { may: [] },
  'log.ts': { may: [] },
  'turns.ts': { may: [] },
  'version.ts': { may: ['../package.json'] },
};

/** Who may ask the outside for something, by what is asked. */
const doors: { name: string; what: (node: Node) => boolean; files: RegExp; instead: string }[] = [
  {
    name: 'the time',
    what: asksTheTime,
    files: /^clock\.ts$/,
    instead: 'only src/clock.ts reads the clock: take a Clock, or machineNow()',
  },
  {
    name: 'process.env',
    what: (node) => memberOf(node) === 'process.env' || destructures(node, 'env'),
    files: /^(config\.ts|main\.ts|cli\/)/,
    instead: 'only src/config.ts and the command line read the environment: take a parameter',
  },
  {
    name: 'the standard streams',
    what: (node) => ['process.stdout', 'process.stderr'].includes(memberOf(node) ?? '') || isConsole(node),
    files: /^(main\.ts|log\.ts|cli\/)/,
    instead: 'only the process and the command line print: log, or give the text back',
  },
];

const forbidden: Record<string, string> = {
  ExportDefaultDeclaration: 'default export: export a name',
  TSEnumDeclaration: 'enum: use a union of literals',
  TSAnyKeyword: 'any: use unknown or a type',
  TSParameterProperty: 'parameter property: assign in the constructor',
  TSModuleDeclaration: 'namespace: use a module',
};

const impure: Record<string, (node: Node) => boolean> = {
  await: (node) => node.type === 'AwaitExpression' || node.await === true,
  async: (node) => node.async === true,
  'a timer': (node) =>
    node.type === 'CallExpression' && calls(node, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']),
  randomness: (node) => memberOf(node) === 'Math.random',
};

/** Of Node's own modules, those that only compute. */
const computingModules = ['node:util', 'node:crypto', 'node:assert'];

function calls({ callee }: Node, names: string[]): boolean {
  return isNode(callee) && callee.type === 'Identifier' && names.includes(String(callee.name));
}

function asksTheTime(node: Node): boolean {
  const called = isNode(node.callee) ? (memberOf(node.callee) ?? '') : '';
  if (['Date.now', 'performance.now', 'process.hrtime'].includes(called)) return true;
  const isNew = node.type === 'NewExpression' && (node.arguments as Node[]).length === 0;
  return (isNew || node.type === 'CallExpression') && calls(node, ['Date']);
}

function destructures({ type, id, init }: Node, field: string): boolean {
  if (type !== 'VariableDeclarator' || !isNode(id) || id.type !== 'ObjectPattern') return false;
  if (!isNode(init) || init.type !== 'Identifier' || init.name !== 'process') return false;
  return (id.properties as Node[]).some(({ key }) => isNode(key) && key.name === field);
}

function isConsole(node: Node): boolean {
  return memberOf(node)?.startsWith('console.') === true;
}

export function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function matches(pattern: string, path: string): boolean {
  if (pattern === '**') return true;
  if (pattern.endsWith('/**')) return path.startsWith(pattern.slice(0, -2));
  if (pattern.endsWith('/*')) return posix.dirname(path) === pattern.slice(0, -2);
  return pattern === path;
}

function mayImport({ may }: Room, target: string, typeOnly: boolean): boolean {
  if (may.includes(`!${roomOf(target)}`)) return false;
  return may.some((pattern) => {
    if (!pattern.startsWith('type ')) return matches(pattern, target);
    return typeOnly && matches(pattern.slice('type '.length), target);
  });
}

function importProblem(file: SourceFile, { from, typeOnly }: Import): string | undefined {
  const own = roomOf(file.path);
  const room = rooms[own];
  if (room === undefined) return `is in no known room; known are ${Object.keys(rooms).join(', ')}`;
  if (!from.startsWith('.')) {
    if (!room.pure || !from.startsWith('node:') || computingModules.includes(from)) return undefined;
    return `imports ${from}: ${own} only computes; allowed of Node's own are ${computingModules.join(', ')}`;
  }
  const target = posix.join(posix.dirname(file.path), from);
  if (isTest(target)) return `imports ${target}, which is for tests: production code does not use it`;
  if (roomOf(target) === own || mayImport(room, target, typeOnly)) return undefined;
  return `imports ${target}${typeOnly ? ' (types)' : ''}: ${own} may import ${['its own files', ...room.may].join(', ')}`;
}

function importBreaches(file: SourceFile): Breach[] {
  return importsOf(file).flatMap((one) => {
    const message = importProblem(file, one);
    return message === undefined ? [] : [breach(file, one.node, message)];
  });
}

function breach(file: SourceFile, node: Node, message: string): Breach {
  return { at: `src/${file.path}:${lineOf(file, node)}`, file: file.path, message };
}

function nodeProblems({ path }: SourceFile, node: Node): string[] {
  const own = roomOf(path);
  const language = forbidden[node.type];
  const closed = doors.filter(({ files, what }) => !files.test(path) && what(node));
  const unclean = rooms[own]?.pure ? Object.keys(impure).filter((name) => impure[name]?.(node)) : [];
  return [
    ...(language ? [language] : []),
    ...closed.map(({ name, instead }) => `asks for ${name}: ${instead}`),
    ...unclean.map((name) => `has ${name}: ${own} is pure; effects are in controllers, kube, metrics and git`),
  ];
}

const SILENCED = /(?:\/\/|\/\*|^\s*\*).*(?:@ts-ignore|@ts-expect-error|@ts-nocheck|biome-ignore)/;

function silenced(file: SourceFile): Breach[] {
  return file.text.split('\n').flatMap((line, index) => {
    if (!SILENCED.test(line)) return [];
    return [{ at: `src/${file.path}:${index + 1}`, file: file.path, message: 'silences a check: put the cause right' }];
  });
}

export function breachesOf(file: SourceFile): Breach[] {
  const inTree = [...nodesOf(file.tree)].flatMap((node) =>
    nodeProblems(file, node).map((message) => breach(file, node, message)),
  );
  return [...importBreaches(file), ...inTree, ...silenced(file)];
}
