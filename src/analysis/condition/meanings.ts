import { anyNode, type Node } from './ast.ts';

/** Whether the condition itself says what NaN or Inf mean. */
export function saysWhatNaNMeans(root: Node): boolean {
  return anyNode(root, (node) => node.kind === 'call' && ['isNaN', 'isInf', 'default'].includes(node.name));
}

/** Whether the condition itself says what an empty result means. */
export function saysWhatEmptyMeans(root: Node): boolean {
  return anyNode(root, (node) => {
    if (node.kind === 'call') return ['isNil', 'default', 'len'].includes(node.name);
    if (node.kind === 'binary') return node.operator === '??';
    return node.kind === 'literal' && node.value === null;
  });
}
