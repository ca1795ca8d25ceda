import type { GitRevertPlan } from '../../api/index.ts';
import type { Clone } from '../../git/clone.ts';
import { difference } from '../../git/inverse.ts';
import { mayHoldObjects } from '../../git/manifests.ts';
import { boundedDiff, type FileDiff, isSecretPath, maskedDiff, namesSecret } from '../../revert/index.ts';

const MOST_BYTES = 1024 * 1024;

/** What a plan would change, as text for people. Of files that may hold secrets, only that they change. */
export async function diffOf(clone: Clone, { expectedHead, tree }: GitRevertPlan): Promise<string> {
  const changes = await difference(clone, expectedHead, tree, '');
  const contents = await clone.read(
    changes.flatMap(({ oldId, newId }) => [oldId, newId]).filter((id) => !/^0+$/.test(id)),
    MOST_BYTES,
  );
  const files: FileDiff[] = [];
  for (const { path, oldId, newId } of changes) {
    const texts = [oldId, newId].map((id) => contents.get(id)?.toString('utf8') ?? '');
    const args = ['diff-tree', '-r', '-p', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
    // Only of what may hold objects can be told what is a secret.
    const isHidden = !mayHoldObjects(path) || isSecretPath(path) || texts.some(namesSecret);
    const shown = isHidden
      ? undefined
      : await clone.text([...args, '--end-of-options', expectedHead, tree, '--', path]);
    files.push({ path, text: shown && maskedDiff(shown) });
  }
  return boundedDiff(files);
}
