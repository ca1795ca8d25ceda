import type { Value } from './values.ts';

interface At {
  /** Where the node's text begins, for messages. */
  offset: number;
}

export type Node = At &
  (
    | { kind: 'literal'; value: Value }
    | { kind: 'array'; items: Node[] }
    | { kind: 'map'; entries: { key: Node; value: Node }[] }
    | { kind: 'name'; name: string }
    /** `#`, `#acc` and `#index` inside a predicate. */
    | { kind: 'pointer'; name: '#' | '#acc' | '#index' }
    | { kind: 'unary'; operator: '-' | '+' | '!'; operand: Node }
    | { kind: 'binary'; operator: string; left: Node; right: Node }
    | { kind: 'conditional'; test: Node; yes: Node; no: Node }
    | { kind: 'let'; name: string; value: Node; body: Node }
    | { kind: 'index'; object: Node; index: Node; optional: boolean }
    | { kind: 'slice'; object: Node; from: Node | undefined; to: Node | undefined }
    /** The whole of a chain with `?.` in it: where one link is nil, all of it is nil. */
    | { kind: 'chain'; whole: Node }
    | { kind: 'call'; name: string; args: Node[]; predicate: Node | undefined }
    | { kind: 'method'; object: Node; name: string; args: Node[] }
  );

/** The node's parts. */
export function childrenOf(node: Node): Node[] {
  switch (node.kind) {
    case 'array':
      return node.items;
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'conditional':
      return [node.test, node.yes, node.no];
    case 'let':
      return [node.value, node.body];
    case 'index':
      return [node.object, node.index];
    case 'slice':
      return [node.object, node.from, node.to].filter((part) => part !== undefined);
    case 'chain':
      return [node.whole];
    case 'call':
      return node.predicate === undefined ? node.args : [...node.args, node.predicate];
    case 'method':
      return [node.object, ...node.args];
    default:
      return [];
  }
}

/** Whether any node of the tree satisfies the test. */
export function anyNode(root: Node, test: (node: Node) => boolean): boolean {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (test(node)) return true;
    open.push(...childrenOf(node));
  }
  return false;
}
